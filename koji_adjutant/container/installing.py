"""How an operator installs on this host what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DEBIAN = Path("/etc/debian_version")


def to_install(*packages: str, fedora: Sequence[str] = ()) -> str:
    """Return the command, in backticks, that installs packages on this host.

    ``packages`` are Debian's names of them, ``fedora`` those of other hosts where they differ.
    """
    if DEBIAN.exists():
        return f"`apt install {' '.join(packages)}`"
    return f"`dnf install {' '.join(fedora or packages)}`"
