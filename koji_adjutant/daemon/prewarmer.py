"""The process that makes roots ready: it runs while the worker has nothing else to do."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.daemon.die_with_parent import die_with_parent
from koji_adjutant.daemon.stop_signals import held_back, unwind

logger = logging.getLogger(__name__)

LOOKS = 4
"""The worker's looks at the hub for one for new repos, which costs a call for each tag of late: once a minute
with the usual sleeptime."""
STOP_SECONDS = 10.0
"""Seconds until a process that was asked to stop is killed."""


class Prewarmer:
    """Starts ``work`` in a process now and then, and stops it when there is something to build.

    The process may be killed, and nothing is lost: its containers and its directory go, the rest is put aside
    by the store's rules.
    """

    def __init__(self, work: Callable[[], None], workdir: Path, sleeptime: float) -> None:
        self._work = work
        self._workdir = workdir
        self._pause = LOOKS * sleeptime
        self._not_before = 0.0
        self._pid: int | None = None
        self._kill_at: float | None = None

    @property
    def owner(self) -> str | None:
        """The owner of the running process's containers."""
        return owner(self._pid) if self._pid else None

    def tend(self, *, idle: bool) -> None:
        """Start or stop the process if need be. Call it at each look at the hub: it waits for nothing."""
        self._reap()
        if self._pid is None:
            if idle and time.monotonic() >= self._not_before:
                self._start()
        elif not idle:
            self._ask_to_stop(self._pid)

    def stop(self) -> None:
        """Stop the process, for a worker that ends."""
        while self._pid is not None:
            self._ask_to_stop(self._pid)
            self._reap()
            time.sleep(0.02)

    def _start(self) -> None:
        self._not_before = time.monotonic() + self._pause
        with held_back() as mask:
            pid = os.fork()
            if not pid:
                self._run_child(mask)
            self._pid = pid

    def _ask_to_stop(self, pid: int) -> None:
        now = time.monotonic()
        if self._kill_at is None:
            self._kill_at = now + STOP_SECONDS
            os.kill(pid, signal.SIGTERM)
        elif now > self._kill_at:
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        if self._pid is not None and os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = self._kill_at = None
            remove_directories(self._workdir)

    def _run_child(self, mask: Iterable[int]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, unwind)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (signal.SIGINT, signal.SIGUSR1):
                signal.signal(number, signal.SIG_IGN)  # the worker's, which then stops this process
            os.setpgrp()
            die_with_parent()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._work()
        except SystemExit:
            logger.info("Making roots ready was stopped")
        except BaseException:
            logger.exception("Making roots ready ended with an unexpected error")
        finally:
            os._exit(0)


def owner(pid: int | str) -> str:
    """Return whom the process's containers belong to; its directory below workdir has this name, too."""
    return f"prewarm-{pid}"


def remove_directories(workdir: Path) -> None:
    """Remove the directories of processes that were killed; for when none runs."""
    for directory in workdir.glob(owner("[0-9]*")):
        remove_tree(directory)
