"""A process of the worker's beside its tasks, for what the main loop must not wait for."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import NoReturn

from koji_adjutant.daemon.die_with_parent import die_with_parent
from koji_adjutant.daemon.stop_signals import held_back, hold_back_for_good, unwind

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""Seconds until a process that was asked to stop is killed."""


class SideProcess:
    """One process at a time. Nothing here waits for it but ``stop``.

    It ends with the worker, however that ends, and may be killed at any time. ``doing`` is what it does, for
    the log.
    """

    def __init__(self, doing: str) -> None:
        self.pid: int | None = None
        self._doing = doing
        self._kill_at: float | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Do ``work`` in a process; its end wakes the worker."""
        with held_back() as mask:
            pid = os.fork()
            if not pid:
                self._run_child(work, mask)
            self.pid = pid

    def has_ended(self) -> bool:
        """Return whether the process that ran has ended. Says so once, and another can be started then."""
        if self.pid is None or not os.waitpid(self.pid, os.WNOHANG)[0]:
            return False
        self.pid = self._kill_at = None
        return True

    def ask_to_stop(self) -> None:
        """Send SIGTERM; if it was sent a while ago, SIGKILL."""
        if self.pid is None:
            return
        now = time.monotonic()
        if self._kill_at is None:
            self._kill_at = now + STOP_SECONDS
            os.kill(self.pid, signal.SIGTERM)
        elif now > self._kill_at:
            os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop the process, for a worker that ends."""
        while self.pid is not None:
            self.ask_to_stop()
            if not self.has_ended():
                time.sleep(0.02)

    def _run_child(self, work: Callable[[], None], mask: Iterable[int]) -> NoReturn:
        try:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGTERM, unwind)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number in (signal.SIGINT, signal.SIGUSR1):
                    signal.signal(number, signal.SIG_IGN)  # the worker's, which then stops this process
                os.setpgrp()
                die_with_parent()
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                work()
            finally:
                hold_back_for_good()
        except SystemExit:
            logger.info("%s was stopped", self._doing)
        except BaseException:
            logger.exception("%s ended with an unexpected error", self._doing)
        finally:
            os._exit(0)
