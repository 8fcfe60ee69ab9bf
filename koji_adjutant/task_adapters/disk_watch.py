"""Watching what a task writes: it has a limit, and is stopped before it takes the last room from others."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from koji_adjutant.buildroot.files.disk_use import disk_use, free_space
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.errors import AdjutantError, BuildFailed, DiskLimitExceeded, DiskNearlyFull
from koji_adjutant.task_adapters.disk_shares import DiskShares
from koji_adjutant.text import size

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at the room that is left."""
COUNTING_PART = 20
"""Counting what the task uses takes at most one part in so many of the time, while there is room enough."""


class DiskWatch:
    """A thread that looks at the disk while the block runs, and calls ``stop`` when the task must end.

    ``workdir`` is the task's own directory; overlays elsewhere are added when they are mounted. ``limit`` is
    how many bytes all of these may have. Where less than ``reserve`` bytes are left on their disks, the task
    that uses most of them gives way (``shares``), unless it would not help: a task that uses less than what
    is lacking is not to blame. ``reason`` is a sentence then, for an error of the
    class ``failure``, and ``say`` is called with it. ``stop`` is
    called again at each look, until the block ends: it kills what runs, and something else may have been
    started by then.
    """

    def __init__(
        self,
        workdir: Path,
        *,
        limit: int | None,
        reserve: int,
        shares: DiskShares,
        say: Callable[[str], None],
        stop: Callable[[], None],
    ) -> None:
        self.reason: str | None = None
        self.failure: type[BuildFailed] = DiskLimitExceeded
        self._workdir = workdir
        self._copied = 0
        self._directories = [workdir]
        self._limit = limit
        self._reserve = reserve
        self._shares = shares
        self._say = say
        self._stop = stop
        self._next_count = 0.0
        self._counting: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def overlay_mounted(self, overlay: Overlay) -> None:
        """Watch what is written to an overlay, too."""
        if not any(overlay.scratch.is_relative_to(directory) for directory in self._directories):
            self._directories = [*self._directories, overlay.scratch]

    def root_copied(self, size: int) -> None:
        """Leave out of account a root in ``workdir``: the builder has put it there, not the packager."""
        self._copied += size

    def __enter__(self) -> DiskWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        while self._thread.is_alive():
            if self._counting:
                self._counting.kill()
            self._thread.join(0.1)

    def _run(self) -> None:
        try:
            with self._shares.taking_part():
                while not self._ended.wait(LOOK_SECONDS):
                    self._try_to_look()
        except OSError:
            logger.exception("The disk is not watched")

    def _try_to_look(self) -> None:
        try:
            self.look()
        except (OSError, AdjutantError):
            logger.exception("The disk cannot be watched now")

    def look(self) -> None:
        """Look once, and stop the task if it must end."""
        if self.reason is None:
            self.reason = self._reason_to_stop()
            if self.reason is not None:
                self._say(self.reason)
        if self.reason is not None and not self._ended.is_set():
            self._stop()

    def _reason_to_stop(self) -> str | None:
        directories = [directory for directory in self._directories if directory.is_dir()]
        lacking = {directory: self._reserve - free_space(directory) for directory in directories}
        low = [directory for directory in directories if lacking[directory] > 0]
        if not low:
            self._shares.enough()
        if not low and (self._limit is None or time.monotonic() < self._next_count):
            return None
        used = self._count(directories)
        total = sum(used.values())
        if self._ended.is_set():
            return None
        if self._limit is not None and total > self._limit:
            return (
                f"the task used {size(total)} of disk, more than disk_limit allows ({size(self._limit)}), "
                "and was stopped"
            )
        there = sum(used[directory] for directory in low)
        if low and self._shares.must_give_way(there, max(lacking[one] for one in low)):
            self.failure = DiskNearlyFull
            free = min(free_space(directory) for directory in low)
            return (
                f"the disk is nearly full ({size(free)} free at {low[0]}), and of all tasks this one, which "
                f"used {size(there)}, used most and was stopped"
            )
        return None

    def _count(self, directories: list[Path]) -> dict[Path, int]:
        began = time.monotonic()
        used = disk_use(directories, self._started)
        self._counting = None
        ended = time.monotonic()
        self._next_count = ended + (COUNTING_PART - 1) * (ended - began)
        found = dict(zip(directories, used, strict=True))
        if self._workdir in found:
            found[self._workdir] = max(0, found[self._workdir] - self._copied)
        return found

    def _started(self, process: subprocess.Popen[bytes]) -> None:
        self._counting = process
