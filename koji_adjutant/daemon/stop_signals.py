"""The signals that stop the worker, and what a forked child makes of them."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What ends a task's process."""


@contextmanager
def held_back() -> Iterator[Iterable[int]]:
    """Hold signals back for a fork.

    None comes before the parent knows of its child, nor while the child has the worker's handlers. The child
    sets the mask that it is given when it has its own.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def hold_back_for_good() -> None:
    """Hold signals back in a child that is about to end.

    To be called in a ``finally`` within what ends it: a signal that came later would unwind the child into
    what the worker was doing when it forked.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def unwind(*_: object) -> NoReturn:
    """End a child through SystemExit, so that its containers go; further signals must not disturb that."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit
