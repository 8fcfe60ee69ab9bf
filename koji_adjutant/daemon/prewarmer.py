"""The process that makes roots ready: it runs while the worker has nothing else to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.daemon.side_process import SideProcess

LOOKS = 4
"""The worker's looks at the hub for one for new repos, which costs a call for each tag of late: once a minute
with the usual sleeptime."""


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
        self._process = SideProcess("Making roots ready")

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
    return f"prewarm-{pid}"


def remove_directories(workdir: Path) -> None:
    """Remove the directories of processes that were killed; for when none runs."""
    for directory in workdir.glob(owner("[0-9]*")):
        remove_tree(directory)
