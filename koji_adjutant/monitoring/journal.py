"""The journal: a SQLite file that the worker and its tasks' processes append to."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.durations import bucket, stage
from koji_adjutant.monitoring.records import RUNNING
from koji_adjutant.monitoring.rows import row_of, row_of_failure

logger = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds without a further try after an event could not be written."""

_OF_TASKS = ("phases", "cache_uses", "reproductions", "tasks")
"""Tables whose rows go with their task's."""

PRUNE_BATCH = 200
"""Tasks that one transaction of ``prune`` removes: others write in between."""


class FileJournal:
    """Writes events into the file of ``database``.

    - Any number of processes and threads write; each process has a connection of its own, made when it first
      has something to say, and never uses one that it inherited.
    - An event is one transaction: it is there or it is not, whenever a process dies.
    - ``record`` never raises and never waits long. If the file cannot be written, one warning is logged, and
      nothing is tried for ``PAUSE`` seconds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._inherited: list[sqlite3.Connection | None] = []  # closing another process's could harm it
        self._silent_until = 0.0
        self._warned = False

    def record(self, event: events.Event) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            with self._turn, self._transaction() as connection:
                _WRITERS[type(event)](connection, event)
        except UnicodeEncodeError as problem:
            logger.warning("Not written to the journal, since its text is none (%s): %r", problem, event)
        except (sqlite3.Error, OSError) as problem:
            self._trouble(event, problem)

    def prune(self, tasks_before: float, containers_before: float) -> None:
        """Forget what ended before these times, and bring the rest on disk. Errors are logged once."""
        try:
            while self._prune_tasks(tasks_before):
                pass
            with self._turn, self._transaction() as connection:
                connection.execute(
                    "DELETE FROM containers WHERE status = 'removed' AND created_at < ?", [containers_before]
                )
            database.checkpoint(self.path)
        except (sqlite3.Error, OSError) as problem:
            self._trouble(None, problem)

    def checkpoint(self, beyond: int) -> None:
        """Bring on disk what was written, if it is more than so many bytes. Errors are logged once."""
        if time.monotonic() < self._silent_until or database.unmerged_bytes(self.path) <= beyond:
            return
        try:
            database.checkpoint(self.path)
        except (sqlite3.Error, OSError) as problem:
            self._trouble(None, problem)

    def close(self) -> None:
        """Close this process's connection; the next event opens another."""
        with self._turn:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
                self._connection = None

    def _prune_tasks(self, before: float) -> bool:
        with self._turn, self._transaction() as connection:
            old = connection.execute(
                "SELECT task_id FROM tasks WHERE finished_at < ? LIMIT ?", [before, PRUNE_BATCH]
            ).fetchall()
            for table in _OF_TASKS:
                connection.executemany(f"DELETE FROM {table} WHERE task_id = ?", old)  # noqa: S608
        return bool(old)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._pid != os.getpid():
            self._inherited.append(self._connection)
            self._connection, self._pid = None, os.getpid()
        if self._connection is None:
            if not self.path.exists():
                raise FileNotFoundError(f"there is no {self.path}")
            self._connection = database.open_writer(self.path)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.execute("COMMIT")

    def _trouble(self, event: events.Event | None, problem: Exception) -> None:
        self._silent_until = time.monotonic() + PAUSE
        if not self._warned:
            what = "tidying" if event is None else type(event).__name__
            logger.warning("The journal %s cannot be written (%s): %s", self.path, what, problem)
        self._warned = True


def _task_taken(connection: sqlite3.Connection, event: events.TaskTaken) -> None:
    for table in _OF_TASKS:
        connection.execute(f"DELETE FROM {table} WHERE task_id = ?", [event.task_id])  # noqa: S608
    _insert(connection, "tasks", row_of(event, time="started_at") | {"status": RUNNING})
    _count(connection, "tasks_taken", event.method)


def _task_tag_known(connection: sqlite3.Connection, event: events.TaskTagKnown) -> None:
    _update(connection, "tasks", {"tag": event.tag}, task_id=event.task_id)


def _task_logs_kept(connection: sqlite3.Connection, event: events.TaskLogsKept) -> None:
    _update(connection, "tasks", {"log_path": event.path}, task_id=event.task_id)


def _task_ended(connection: sqlite3.Connection, event: events.TaskEnded) -> None:
    row = connection.execute(
        "SELECT method, started_at FROM tasks WHERE task_id = ? AND finished_at IS NULL", [event.task_id]
    ).fetchone()
    if row is None:
        return
    method, started_at = row
    ended = {"status": event.status, "finished_at": event.at, **row_of_failure(event.failure)}
    _update(connection, "tasks", ended, task_id=event.task_id)
    connection.execute(
        "UPDATE phases SET finished_at = ?, ok = 0 WHERE task_id = ? AND finished_at IS NULL",
        [event.at, event.task_id],
    )
    _count(connection, "tasks_finished", method, event.status)
    if event.failure and event.status == "failed":
        _count(connection, "task_failures", method, event.failure.failure_class)
    _time(connection, "task_seconds", event.at - started_at, method)


def _worker_started(connection: sqlite3.Connection, event: events.WorkerStarted) -> None:
    row = connection.execute("SELECT worker_id FROM worker").fetchone()
    if row and row[0] != event.worker_id:
        for table in (*_OF_TASKS, "containers"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    unfinished = connection.execute("SELECT task_id FROM tasks WHERE finished_at IS NULL").fetchall()
    for (task_id,) in unfinished:
        _task_ended(connection, events.TaskEnded(task_id=task_id, status="interrupted", at=event.at))
    connection.execute(
        "UPDATE containers SET status = 'removed', finished_at = coalesce(finished_at, ?)"
        " WHERE status != 'removed'",
        [event.at],
    )
    _insert(connection, "worker", row_of(event, time="started_at") | {"id": 1})


def _worker_seen(connection: sqlite3.Connection, event: events.WorkerSeen) -> None:
    _update(connection, "worker", row_of(event, time="seen_at"))


def _worker_stopped(connection: sqlite3.Connection, event: events.WorkerStopped) -> None:
    _update(connection, "worker", {"stopped_at": event.at})


def _phase_started(connection: sqlite3.Connection, event: events.PhaseStarted) -> None:
    _insert(connection, "phases", row_of(event, time="started_at"))


def _phase_ended(connection: sqlite3.Connection, event: events.PhaseEnded) -> None:
    row = connection.execute(
        "SELECT tasks.method, phases.name, phases.started_at FROM phases JOIN tasks USING (task_id)"
        " WHERE task_id = ? AND number = ?",
        [event.task_id, event.number],
    ).fetchone()
    if row is None:
        return
    method, name, started_at = row
    ended = {"finished_at": event.at, "ok": event.ok}
    _update(connection, "phases", ended, task_id=event.task_id, number=event.number)
    _time(connection, "phase_seconds", event.at - started_at, method, stage(name))


def _container_created(connection: sqlite3.Connection, event: events.ContainerCreated) -> None:
    _insert(connection, "containers", row_of(event, time="created_at") | {"status": "created"})
    _count(connection, "containers_created", event.role)


def _container_started(connection: sqlite3.Connection, event: events.ContainerStarted) -> None:
    _update_container(connection, event.container, "status = 'running', started_at = ?", event.at)


def _container_exited(connection: sqlite3.Connection, event: events.ContainerExited) -> None:
    changes = "status = 'exited', finished_at = ?, exit_code = ?"
    _update_container(connection, event.container, changes, event.at, event.exit_code)


def _container_removed(connection: sqlite3.Connection, event: events.ContainerRemoved) -> None:
    changes = "status = 'removed', finished_at = coalesce(finished_at, ?)"
    _update_container(connection, event.container, changes, event.at)


def _update_container(connection: sqlite3.Connection, container: str, changes: str, *values: Any) -> None:
    connection.execute(
        f"UPDATE containers SET {changes} WHERE container_id = ? OR name = ?",  # noqa: S608
        [*values, container, container],
    )


def _cache_used(connection: sqlite3.Connection, event: events.CacheUsed) -> None:
    _insert(connection, "cache_uses", row_of(event, time="at"))
    _count(connection, "cache_uses", event.kind, "hit" if event.hit else "miss")


def _damage_found(connection: sqlite3.Connection, event: events.DamageFound) -> None:
    _count(connection, "damage_found", event.kind)


def _root_made_ready(connection: sqlite3.Connection, event: events.RootMadeReady) -> None:
    _count(connection, "roots_made_ready", event.result)


def _build_tried_again(connection: sqlite3.Connection, event: events.BuildTriedAgain) -> None:
    connection.execute(
        "INSERT INTO reproductions VALUES (?1, ?2, 1, NULL, '[]')"
        " ON CONFLICT DO UPDATE SET tries = tries + 1, at = ?2",
        [event.task_id, event.at],
    )


def _build_reproduced(connection: sqlite3.Connection, event: events.BuildReproduced) -> None:
    _update(connection, "reproductions", row_of(event, time="at"), task_id=event.task_id)
    _count(connection, "builds_reproduced", event.verdict)


def _image_resolved(connection: sqlite3.Connection, event: events.ImageResolved) -> None:
    image = {"image": event.image, "image_digest": event.digest}
    _update(connection, "tasks", image, task_id=event.task_id)


def _uploaded(connection: sqlite3.Connection, event: events.Uploaded) -> None:
    connection.execute(
        "UPDATE tasks SET bytes_uploaded = bytes_uploaded + ? WHERE task_id = ?", [event.size, event.task_id]
    )
    _count(connection, "bytes_uploaded", amount=event.size)


def _resources_used(connection: sqlite3.Connection, event: events.ResourcesUsed) -> None:
    used = vars(event.resources)
    _update(connection, "tasks", used, task_id=event.task_id)
    for name in ("cpu_seconds", "bytes_read", "bytes_written"):
        if used[name] is not None:
            _count(connection, name, amount=used[name])


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    """Add a row, in place of one with the same key."""
    columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
    connection.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values})", row)  # noqa: S608


def _update(connection: sqlite3.Connection, table: str, row: Mapping[str, Any], **key: Any) -> None:
    """Change columns of the row with that key, of every row without one."""
    changes = ", ".join(f"{column} = ?" for column in row)
    where = " AND ".join(["1", *(f"{column} = ?" for column in key)])
    values = [*row.values(), *key.values()]
    connection.execute(f"UPDATE {table} SET {changes} WHERE {where}", values)  # noqa: S608


def _count(connection: sqlite3.Connection, metric: str, *labels: str, amount: float = 1) -> None:
    connection.execute(
        "INSERT INTO totals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
        [metric, json.dumps(labels), amount],
    )


def _time(connection: sqlite3.Connection, metric: str, seconds: float, *labels: str) -> None:
    seconds = max(0.0, seconds)
    connection.execute(
        "INSERT INTO durations VALUES (?, ?, ?, 1, ?)"
        " ON CONFLICT DO UPDATE SET count = count + 1, seconds = seconds + excluded.seconds",
        [metric, json.dumps(labels), bucket(seconds), seconds],
    )


_WRITERS: Mapping[type[events.Event], Callable[[sqlite3.Connection, Any], None]] = {
    events.TaskTaken: _task_taken,
    events.TaskTagKnown: _task_tag_known,
    events.TaskLogsKept: _task_logs_kept,
    events.TaskEnded: _task_ended,
    events.WorkerStarted: _worker_started,
    events.WorkerSeen: _worker_seen,
    events.WorkerStopped: _worker_stopped,
    events.PhaseStarted: _phase_started,
    events.PhaseEnded: _phase_ended,
    events.ContainerCreated: _container_created,
    events.ContainerStarted: _container_started,
    events.ContainerExited: _container_exited,
    events.ContainerRemoved: _container_removed,
    events.CacheUsed: _cache_used,
    events.DamageFound: _damage_found,
    events.RootMadeReady: _root_made_ready,
    events.BuildTriedAgain: _build_tried_again,
    events.BuildReproduced: _build_reproduced,
    events.ImageResolved: _image_resolved,
    events.Uploaded: _uploaded,
    events.ResourcesUsed: _resources_used,
}
