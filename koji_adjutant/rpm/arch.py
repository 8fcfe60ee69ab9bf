"""What the name of an architecture may look like, wherever it comes from."""

from __future__ import annotations

import re

_ARCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
"""What kojihub lets be an arch (``koji.parse_arches``), less what a command would take for an option, and
what no file could be called."""


def is_arch(name: str) -> bool:
    """Return whether it can be an arch's name: nothing else is to become part of a path, URL or command."""
    return _ARCH.fullmatch(name) is not None
