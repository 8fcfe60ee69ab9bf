"""The hosts that a builder may be, as far as they are available here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Runtime = Literal["crun", "runc"]
ControlGroups = Literal["v2", "as here"]
"""Version 2's alone, which is all that crun takes; or what this machine has, hybrid ones perhaps."""


@dataclass(frozen=True)
class Platform:
    """A Debian ``suite`` whose worker takes this container ``runtime``; ``dnf5_only``: its tool image has no
    dnf 4."""

    name: str
    suite: str
    control_groups: ControlGroups
    runtime: Runtime
    dnf5_only: bool = False

    @property
    def root(self) -> str:
        """The root's name: one for all platforms of a suite."""
        return f"debian-{self.suite}"


PLATFORMS = (
    Platform("Debian 12, runc", "bookworm", "as here", "runc"),
    Platform("Debian 12, cgroup v2", "bookworm", "v2", "runc"),
    Platform("Debian 13", "trixie", "v2", "crun"),
    Platform("Debian 13, runc", "trixie", "as here", "runc"),
    Platform("Debian sid", "sid", "v2", "crun"),
    Platform("Debian sid, runc", "sid", "as here", "runc"),
    Platform("Debian sid, dnf5 only", "sid", "v2", "crun", dnf5_only=True),
)
