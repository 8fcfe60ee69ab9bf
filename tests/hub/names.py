"""Names that no earlier run has used, so that one hub serves any number of runs."""

from __future__ import annotations

import secrets


def unique(prefix: str) -> str:
    """``prefix`` and ten hex digits: valid as a tag, package, channel, target or external repo."""
    return f"{prefix}-{secrets.token_hex(5)}"
