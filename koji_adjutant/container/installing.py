"""How an operator installs on this host what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DEBIAN = Path("/etc/debian_version")


def to_install(*packages: str, fedora: Sequence[str] = ()) -> str:
    """The command, for Debian's names of packages, or on other hosts for Fedora's where they differ."""
    if DEBIAN.exists():
        return f"`apt install {' '.join(packages)}`"
    return f"`dnf install {' '.join(fedora or packages)}`"
