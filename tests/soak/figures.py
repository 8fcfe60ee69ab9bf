"""How long a soak is, and what it says in the end."""

from __future__ import annotations

import os

import pytest

FIGURES = pytest.StashKey[list[str]]()
"""Lines for the end of pytest's output."""


def number_from_environment(name: str, default: int) -> int:
    return int(os.environ.get(name, default))
