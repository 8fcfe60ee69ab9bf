"""The process that makes roots ready and does builds once more, while the worker has nothing else to do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.daemon.side_process import SideProcess

LOOKS = 4
"""The worker's looks at the hub for one start of the process, where looking for new repos costs a call for
each tag of late: once a minute with the usual sleeptime."""


class IdleWork:
    """Starts ``work`` in a process now and then, and stops it when there is something to build.

    The process may be killed, and nothing is lost: its containers and its directory go, the rest is put aside
    by the store's rules.
    """

    def __init__(self, work: Callable[[], None], workdir: Path, sleeptime: float) -> None:
        self._work = work
        self._workdir = workdir
        self._pause = LOOKS * sleeptime
        self._not_before = 0.0
        self._process = SideProcess("Work in idle time")

    @property
    def owner(self) -> str | None:
        """The owner of the running process's containers."""
        return owner(self._process.pid) if self._process.pid else None

    def tend(self, *, idle: bool) -> None:
        """Start or stop the process if need be. Call it at each look at the hub: it waits for nothing."""
        if self._process.has_ended():
            remove_directories(self._workdir)
        if not idle:
            self._process.ask_to_stop()
        elif self._process.pid is None and time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + self._pause
            self._process.start(self._work)

    def stop(self) -> None:
        """Stop the process, for a worker that ends."""
        if self._process.pid is not None:
            self._process.stop()
            remove_directories(self._workdir)


def owner(pid: int | str) -> str:
    """Return whom the process's containers belong to; its directory below workdir has this name, too."""
    return f"idle-{pid}"


@contextmanager
def own_directory(workdir: Path) -> Iterator[Path]:
    """In the process: make its directory, which is removed in the end."""
    directory = workdir / owner(os.getpid())
    directory.mkdir(mode=0o700)
    try:
        yield directory
    finally:
        remove_tree(directory)


def remove_directories(workdir: Path) -> None:
    """Remove the directories of processes that were killed; for when none runs."""
    for directory in workdir.glob(owner("[0-9]*")):
        remove_tree(directory)
