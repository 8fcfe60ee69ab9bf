"""How an operator installs on this host what is missing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def to_install(*packages: str, fedora: Sequence[str] = ()) -> str:
    """The command, for Debian's names of packages, or on other hosts for Fedora's where they differ."""
    if shutil.which("apt-get"):
        return f"`apt install {' '.join(packages)}`"
    return f"`dnf install {' '.join(fedora or packages)}`"
