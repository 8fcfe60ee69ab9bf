"""The wish to stop, by SIGTERM or SIGINT: it waits for a moment when nothing is half done."""

from __future__ import annotations

import signal
from types import TracebackType

from koji_adjutant.daemon.stop_signals import STOP_SIGNALS

PATIENCE = 3.0
"""Seconds until what the worker does is interrupted: by then it waits for something, as a hub that hangs."""


class StopWish:
    """Takes the signals for a block, which calls ``check`` between its steps.

    Nothing is raised wherever a signal happens to come: within a hub call that could leave a lock of the HTTP
    library taken, and the next call would wait for it for ever. Only who is not between two steps after
    PATIENCE is unwound, and again each time as long, should something wait on the way.
    """

    def __init__(self) -> None:
        self._is_there = False

    def __enter__(self) -> StopWish:
        for number in STOP_SIGNALS:
            signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def check(self) -> None:
        """Raise SystemExit if there is the wish."""
        if self._is_there:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise SystemExit

    def _take(self, *_: object) -> None:
        for number in STOP_SIGNALS:  # a second one ends the process at once
            signal.signal(number, signal.SIG_DFL)
        self._is_there = True
        signal.signal(signal.SIGALRM, self._interrupt)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE, PATIENCE)

    def _interrupt(self, *_: object) -> None:
        raise SystemExit
