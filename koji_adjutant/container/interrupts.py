"""Signals and cleanup: what must not be torn in two, and how SIGTERM becomes an exception."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back the signals that end a process until the block is done.

    For the short requests that create or remove something in the engine: an exception between the engine's
    doing and our knowing of it would leave a container behind. (Masking them would not do: another thread
    takes such a signal then, and Python runs its handler in the main thread all the same.)
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread only
        return
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number, handler in before.items():
        if handler not in (signal.SIG_IGN, None):  # None: not Python's, and could not be put back
            signal.signal(number, lambda received, _frame: held.append(received))
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def termination_raises() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the process through SystemExit, so that every context manager cleans up.

    Only where nobody has said what these signals do: a handler of the caller's is left alone, and so is
    everything outside the main thread, where Python takes no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in ours:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


class Deadline:
    """Calls ``expired`` once, in a thread of its own, if the block lasts longer than ``seconds``.

    ``passed`` then is True. With ``seconds=None`` it never does. An exception of the callback is kept and
    raised when the block ends.
    """

    def __init__(self, seconds: float | None, expired: Callable[[], None]) -> None:
        self.passed = False
        self._expired = expired
        self._error: BaseException | None = None
        self._timer = threading.Timer(seconds, self._fire) if seconds is not None else None

    def _fire(self) -> None:
        self.passed = True
        try:
            self._expired()
        except BaseException as error:  # noqa: BLE001 - raised again by __exit__, in the thread that waits
            self._error = error

    def __enter__(self) -> Deadline:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        if self._error is not None and kind is None:
            raise self._error
