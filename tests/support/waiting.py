"""Waiting for what another process does, with a bound and a reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")

PATIENCE = 600.0
"""Seconds. Nothing here is about speed: this only ends a test that would otherwise hang."""


def until(
    condition: Callable[[], T | None], what: str, patience: float = PATIENCE, *, pause: float = 0.1
) -> T:
    """The first true value of ``condition``; if there is none in time, the test fails and says ``what``.

    ``pause``: seconds between two looks, for those that cost something.
    """
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {patience:.0f} seconds: {what}"
        time.sleep(pause)


def for_ever() -> NoReturn:
    """Do nothing until a signal's handler raises; signal.pause() misses one that comes right before it."""
    while True:
        time.sleep(0.05)
