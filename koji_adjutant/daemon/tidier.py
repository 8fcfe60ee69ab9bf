"""Deleting what tasks have put aside and killed processes have left, in a process that nobody waits for.

One at a time, since a machine with much to do gives processes of low priority no time to end: if each task
had its own, they would pile up.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from koji_adjutant.config import KojidOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.daemon import leftovers
from koji_adjutant.daemon.leftovers import Leftover
from koji_adjutant.daemon.side_process import SideProcess
from koji_adjutant.errors import EngineError
from koji_adjutant.task_adapters.container_task import tidy_up, trash

logger = logging.getLogger(__name__)

NICENESS = 10
"""What has to keep up with the tasks may not wait until there are none, as the highest would have it."""
PAUSE = 600.0
"""Seconds between two looks of an idle worker for what others have left: commands, say."""


class Tidier:
    """Starts ``work`` in a process: first of all, when something was left, and now and then in idle time."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._wanted = True
        self._not_before = 0.0
        self._process = SideProcess("Tidying up")

    def wake(self) -> None:
        """Say that something was left: the next ``tend`` begins, whatever the worker does."""
        self._wanted = True

    def tend(self, *, idle: bool) -> None:
        """Start the process if need be. Call it at each look at the hub: it waits for nothing."""
        self._process.has_ended()
        now = time.monotonic()
        if self._process.pid is None and (self._wanted or (idle and now >= self._not_before)):
            self._wanted = False
            self._not_before = now + PAUSE
            self._process.start(self._work)

    def stop(self) -> None:
        """Stop the process, for a worker that ends; the next one goes on with what is left."""
        self._process.stop()


def forget_the_dead(options: KojidOptions) -> None:
    """Free what tasks of an earlier run still hold: mounts, claims, and the names of their directories.

    Takes no time, so that tasks may be taken after it; what was put aside is deleted by ``tidy``.
    """
    _remove_all(leftovers.killed_tasks(options))
    leftovers.unmount_tasks(options)


def tidy(options: KojidOptions) -> None:
    """Delete what nobody uses any more, at a low priority."""
    try:
        with open_engine(options.adjutant, revive=False) as engine:
            os.nice(NICENESS)
            _remove_all(leftovers.containers_of_processes(options, engine))
    except EngineError as problem:
        logger.warning("Containers of commands are not looked for: %s", problem)
    _remove_all(leftovers.killed_tasks(options))
    _remove_all(leftovers.commands(options))
    tidy_up(options)


def tidy_up_alone(options: KojidOptions) -> None:
    """Delete what tasks put aside, unless another process is at it: that one sees to what is new as well.

    For tasks of a stock kojid, which has no process for this.
    """
    os.nice(NICENESS)
    seen: set[Path] = set()
    with (options.adjutant.state_dir / "tidying").open("w") as lock:
        while new := trash(options) - seen:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            tidy_up(options)
            seen |= new
            fcntl.flock(lock, fcntl.LOCK_UN)


def _remove_all(found: Iterable[Leftover]) -> None:
    for leftover in found:
        logger.warning("Removing the %s", leftover.what)
        if problem := leftover.problem_of_removal():
            logger.error("Not removed: %s", problem)
