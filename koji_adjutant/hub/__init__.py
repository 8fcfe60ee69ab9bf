"""What talks to the hub, for whoever needs it."""

from __future__ import annotations

from koji_adjutant.hub.interface import HubSession

__all__ = ["HubSession"]
