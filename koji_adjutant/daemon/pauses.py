"""How long the worker sleeps between two looks at the hub."""

from __future__ import annotations

FIRST_PAUSE = 1.0
"""Seconds: a look right after subtasks were made often falls within RunInterval of the hub, in vain."""


class Pauses:
    """``sleeptime`` seconds; less, doubling up to that, while subtasks that are made wait for the hub."""

    def __init__(self, sleeptime: float) -> None:
        self._sleeptime = sleeptime
        self._next = sleeptime

    def woken(self) -> None:
        """Begin anew: there was a reason to look."""
        self._next = FIRST_PAUSE

    def next(self, *, waiting: bool) -> float:
        """Return the seconds to sleep. ``waiting``: some task of this worker waits for subtasks."""
        if not waiting:
            self._next = self._sleeptime
        pause = min(self._next, self._sleeptime)
        self._next = pause * 2
        return pause
