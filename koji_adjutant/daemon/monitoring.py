"""The worker's side of monitoring: its journal, and the server process that shows it."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant import __version__
from koji_adjutant.config import AdjutantOptions, KojidOptions
from koji_adjutant.daemon.http_server import HttpServer
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.events import Journal, NoJournal, WorkerStarted, WorkerStopped
from koji_adjutant.monitoring.journal import FileJournal

logger = logging.getLogger(__name__)

PRUNE_INTERVAL = 3600.0
"""Seconds between two removals of old records."""
UNMERGED_WHEN_BUSY = 8 << 20
"""Bytes of the journal's write-ahead log that wait while tasks run: bringing them on disk takes a moment."""
UNMERGED_WHEN_IDLE = 256 << 10
"""And while none runs."""


class Monitoring:
    """``journal`` takes what happens; ``tend`` is to be called now and then, and costs nothing mostly.

    Nothing here raises: a worker builds whether it is watched or not.
    """

    def __init__(self, journal: Journal, server: HttpServer | None, options: AdjutantOptions) -> None:
        self.journal = journal
        self._server = server
        self._options = options
        self._pruned_at = 0.0

    def tend(self, *, idle: bool) -> None:
        """Keep the server running and the journal short; ``idle``: no task runs."""
        if self._server:
            self._server.tend()
        if not isinstance(self.journal, FileJournal):
            return
        self.journal.checkpoint(UNMERGED_WHEN_IDLE if idle else UNMERGED_WHEN_BUSY)
        if time.monotonic() > self._pruned_at + PRUNE_INTERVAL:
            self._pruned_at = time.monotonic()
            now, ours = time.time(), self._options
            self.journal.prune(
                now - ours.monitoring_task_history_ttl, now - ours.monitoring_container_history_ttl
            )


@contextmanager
def monitoring(options: KojidOptions) -> Iterator[Monitoring]:
    """Open the journal for a worker that starts, and end in it what an earlier one left unfinished."""
    ours = options.adjutant
    journal = _open(database.path_in(ours.state_dir)) if ours.monitoring_enabled else None
    if journal is None:
        yield Monitoring(NoJournal(), None, ours)
        return
    journal.record(
        WorkerStarted(
            worker_id=options.worker_id, hub=options.server or "", version=__version__, pid=os.getpid()
        )
    )
    server = HttpServer(options, journal.path)
    try:
        yield Monitoring(journal, server, ours)
    finally:
        server.stop()
        journal.record(WorkerStopped())
        journal.close()


def _open(path: Path) -> FileJournal | None:
    try:
        database.prepare(path)
    except (sqlite3.Error, OSError) as problem:
        logger.error("There is no monitoring: the journal %s cannot be used: %s", path, problem)
        return None
    return FileJournal(path)
