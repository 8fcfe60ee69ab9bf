"""Building for a 32-bit arch on its 64-bit sibling, as mock does by setting the personality."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import koji

from koji_adjutant.buildroot.specification.config import BuildrootConfig

_SIBLINGS = {"x86_64": "i386", "aarch64": "armhfp", "s390x": "s390", "ppc64": "ppc"}
"""Machine to the (koji-canonical) 32-bit arch that it runs natively."""


def is_sibling(config: BuildrootConfig, machine: str | None = None) -> bool:
    """Return whether the root is of the 32-bit arch that belongs to this machine."""
    return bool(_SIBLINGS.get(machine or platform.machine()) == koji.canonArch(config.arch))


def personality(config: BuildrootConfig, machine: str | None = None) -> Sequence[str]:
    """Return what to put before a command so that uname and rpm see the root's arch."""
    return ["/usr/bin/setarch", config.target_arch] if is_sibling(config, machine) else []


def resolver_arch(config: BuildrootConfig, machine: str | None = None) -> str | None:
    """Return the arch that dnf has to be asked to install for, None for the machine's own."""
    return config.package_manager.forcearch or (config.target_arch if is_sibling(config, machine) else None)
