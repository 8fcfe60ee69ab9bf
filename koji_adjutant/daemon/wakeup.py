"""What the worker sleeps on: a pipe that a signal or a child's poke makes readable."""

from __future__ import annotations

import contextlib
import os
import select
import signal


class Wakeup:
    """Ends a sleep early.

    Signals that have a Python handler write to the pipe (``signal.set_wakeup_fd``), and so may any process
    that inherited it. A wake-up that comes before the sleep is not lost: the sleep then ends at once.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def ignore_signals(self) -> None:
        """Ignore the parent's signals, in a forked child."""
        signal.set_wakeup_fd(-1)

    def poke(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: plenty of wake-ups are waiting already
            os.write(self._write, b"\0")

    def sleep(self, seconds: float) -> bool:
        """Sleep for so long at most. Returns whether something woke us."""
        readable, _, _ = select.select([self._read], [], [], seconds)
        if readable:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._read, 4096):
                    pass
        return bool(readable)

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
