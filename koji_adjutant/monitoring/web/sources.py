"""What the server looks at."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.disks import disk_usage
from koji_adjutant.monitoring.history import History, open_history
from koji_adjutant.monitoring.status import WorkerStatus, worker_status
from koji_adjutant.monitoring.web.problems import Problem

LISTED_FOR = 1.0
"""Seconds that an answer of the container engine serves for everybody who asks."""


@dataclass(frozen=True)
class CacheSize:
    """``entries`` are composed roots, layers of them, and metadata; ``limit_bytes`` is what all may take."""

    entries: int
    size_bytes: int
    limit_bytes: int


class EngineUnknownError(Exception):
    """The container engine did not answer."""


@dataclass
class Sources:
    """``containers`` asks the engine for this worker's containers (EngineUnknownError), ``cache`` the store.

    ``disks`` are directories whose file systems matter.
    """

    journal: Path
    containers: Callable[[], Sequence[LiveContainer]]
    cache: Callable[[], CacheSize]
    disks: Sequence[Path]
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)
    _listed: tuple[float, Mapping[str, LiveContainer] | None] | None = field(default=None, init=False)

    @contextmanager
    def history(self) -> Iterator[History]:
        """Open the journal. Raises Problem (503) if it cannot be read."""
        try:
            with open_history(self.journal) as history:
                yield history
        except sqlite3.Error as error:
            raise Problem(503, "journal_unavailable", f"The journal cannot be read: {error}.") from error

    def live_containers(self) -> Mapping[str, LiveContainer] | None:
        """Return the engine's containers by id; None if the engine does not answer."""
        with self._turn:
            if self._listed is None or time.monotonic() > self._listed[0] + LISTED_FOR:
                self._listed = (time.monotonic(), self._list())
            return self._listed[1]

    def _list(self) -> Mapping[str, LiveContainer] | None:
        try:
            return {container.container_id: container for container in self.containers()}
        except EngineUnknownError:
            return None

    def status(self, history: History) -> WorkerStatus:
        """Say how the worker is by this look at its journal, its engine and its disks."""
        live = self.live_containers()
        return worker_status(history, disk_usage(self.disks), live, engine_answers=live is not None)
