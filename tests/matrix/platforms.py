"""The hosts that a builder may be, as far as they are available here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Runtime = Literal["crun", "runc"]


@dataclass(frozen=True)
class Platform:
    """A Debian ``suite`` with a container ``runtime``; ``dnf5_only``: its tool image has no dnf 4."""

    name: str
    suite: str
    runtime: Runtime
    dnf5_only: bool = False

    @property
    def root(self) -> str:
        """The root's name: one for all platforms of a suite."""
        return f"debian-{self.suite}"


PLATFORMS = (
    Platform("Debian 12, runc", "bookworm", "runc"),
    Platform("Debian 13", "trixie", "crun"),
    Platform("Debian 13, runc", "trixie", "runc"),
    Platform("Debian sid", "sid", "crun"),
    Platform("Debian sid, runc", "sid", "runc"),
    Platform("Debian sid, dnf5 only", "sid", "crun", dnf5_only=True),
)
