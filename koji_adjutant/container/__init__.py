"""Containers: a protocol (interface.py) and the engine behind it (podman_manager.py)."""

from __future__ import annotations

from koji_adjutant.container.interface import ContainerManager, ContainerSpec

__all__ = ["ContainerManager", "ContainerSpec"]
