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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.durations import bucket, stage
from koji_adjutant.monitoring.records import RUNNING

logger = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds without a further try after an event could not be written."""

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
        """Forget what ended before these times, and bring the rest on disk; errors are logged once."""
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
            for table in ("phases", "cache_uses", "tasks"):
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
            what = "pruning" if event is None else type(event).__name__
            logger.warning("The journal %s cannot be written (%s): %s", self.path, what, problem)
        self._warned = True


def _task_taken(connection: sqlite3.Connection, event: events.TaskTaken) -> None:
    for table in ("tasks", "phases", "cache_uses"):
        connection.execute(f"DELETE FROM {table} WHERE task_id = ?", [event.task_id])  # noqa: S608
    connection.execute(
        "INSERT INTO tasks (task_id, method, arch, tag, source, status, pid, started_at, log_path)"
        " VALUES (:task_id, :method, :arch, :tag, :source, :status, :pid, :at, :log_path)",
        asdict(event) | {"status": RUNNING},
    )
    _count(connection, "tasks_taken", event.method)


def _task_tag_known(connection: sqlite3.Connection, event: events.TaskTagKnown) -> None:
    connection.execute("UPDATE tasks SET tag = :tag WHERE task_id = :task_id", asdict(event))


def _task_logs_kept(connection: sqlite3.Connection, event: events.TaskLogsKept) -> None:
    connection.execute("UPDATE tasks SET log_path = :path WHERE task_id = :task_id", asdict(event))


def _task_ended(connection: sqlite3.Connection, event: events.TaskEnded) -> None:
    row = connection.execute(
        "SELECT method, started_at FROM tasks WHERE task_id = ? AND finished_at IS NULL", [event.task_id]
    ).fetchone()
    if row is None:
        return
    method, started_at = row
    failure = event.failure
    connection.execute(
        "UPDATE tasks SET status = ?, finished_at = ?, failure_class = ?, failure_message = ?,"
        " failure_excerpt = ?, failure_log = ?, failure_offset = ? WHERE task_id = ?",
        [
            event.status,
            event.at,
            failure and failure.failure_class,
            failure and failure.message,
            failure and json.dumps(list(failure.excerpt)),
            failure and failure.log,
            failure and failure.offset,
            event.task_id,
        ],
    )
    connection.execute(
        "UPDATE phases SET finished_at = ?, ok = 0 WHERE task_id = ? AND finished_at IS NULL",
        [event.at, event.task_id],
    )
    _count(connection, "tasks_finished", method, event.status)
    if failure:
        _count(connection, "task_failures", method, failure.failure_class)
    _time(connection, "task_seconds", event.at - started_at, method)


def _worker_started(connection: sqlite3.Connection, event: events.WorkerStarted) -> None:
    row = connection.execute("SELECT worker_id FROM worker").fetchone()
    if row and row[0] != event.worker_id:
        for table in ("tasks", "phases", "cache_uses", "containers"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    unfinished = connection.execute("SELECT task_id FROM tasks WHERE finished_at IS NULL").fetchall()
    for (task_id,) in unfinished:
        _task_ended(connection, events.TaskEnded(task_id=task_id, status="interrupted", at=event.at))
    connection.execute(
        "UPDATE containers SET status = 'removed', finished_at = coalesce(finished_at, ?)"
        " WHERE status != 'removed'",
        [event.at],
    )
    connection.execute(
        "INSERT OR REPLACE INTO worker (id, worker_id, hub, version, pid, started_at)"
        " VALUES (1, :worker_id, :hub, :version, :pid, :at)",
        asdict(event),
    )


def _worker_seen(connection: sqlite3.Connection, event: events.WorkerSeen) -> None:
    connection.execute(
        "UPDATE worker SET seen_at = :at, capacity = :capacity, task_load = :task_load, problem = :problem,"
        " draining = :draining, look_again = :look_again",
        asdict(event),
    )


def _worker_stopped(connection: sqlite3.Connection, event: events.WorkerStopped) -> None:
    connection.execute("UPDATE worker SET stopped_at = :at", asdict(event))


def _phase_started(connection: sqlite3.Connection, event: events.PhaseStarted) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO phases (task_id, number, depth, name, started_at)"
        " VALUES (:task_id, :number, :depth, :name, :at)",
        asdict(event),
    )


def _phase_ended(connection: sqlite3.Connection, event: events.PhaseEnded) -> None:
    key = [event.task_id, event.number]
    row = connection.execute(
        "SELECT tasks.method, phases.name, phases.started_at FROM phases JOIN tasks USING (task_id)"
        " WHERE task_id = ? AND number = ?",
        key,
    ).fetchone()
    if row is None:
        return
    method, name, started_at = row
    connection.execute(
        "UPDATE phases SET finished_at = ?, ok = ? WHERE task_id = ? AND number = ?",
        [event.at, event.ok, *key],
    )
    _time(connection, "phase_seconds", event.at - started_at, method, stage(name))


def _container_created(connection: sqlite3.Connection, event: events.ContainerCreated) -> None:
    values = asdict(event)
    values |= {"command": json.dumps(list(event.command)), "mounts": json.dumps(list(event.mounts))}
    connection.execute(
        "INSERT OR REPLACE INTO containers (container_id, task_id, name, role, image, image_digest, status,"
        " created_at, command, workdir, user, network, mounts, memory_limit, cpu_limit, pids_limit)"
        " VALUES (:container_id, :task_id, :name, :role, :image, :image_digest, 'created', :at, :command,"
        " :workdir, :user, :network, :mounts, :memory_limit, :cpu_limit, :pids_limit)",
        values,
    )
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
    connection.execute(
        "INSERT INTO cache_uses (task_id, at, kind, key, hit) VALUES (:task_id, :at, :kind, :key, :hit)",
        asdict(event),
    )
    _count(connection, "cache_uses", event.kind, "hit" if event.hit else "miss")


def _root_made_ready(connection: sqlite3.Connection, event: events.RootMadeReady) -> None:
    _count(connection, "roots_made_ready", event.result)


def _image_resolved(connection: sqlite3.Connection, event: events.ImageResolved) -> None:
    connection.execute(
        "UPDATE tasks SET image = :image, image_digest = :digest WHERE task_id = :task_id", asdict(event)
    )


def _uploaded(connection: sqlite3.Connection, event: events.Uploaded) -> None:
    connection.execute(
        "UPDATE tasks SET bytes_uploaded = bytes_uploaded + :size WHERE task_id = :task_id", asdict(event)
    )
    _count(connection, "bytes_uploaded", amount=event.size)


def _resources_used(connection: sqlite3.Connection, event: events.ResourcesUsed) -> None:
    used = asdict(event.resources)
    assignments = ", ".join(f"{name} = :{name}" for name in used)
    connection.execute(
        f"UPDATE tasks SET {assignments} WHERE task_id = :task_id",  # noqa: S608
        used | {"task_id": event.task_id},
    )
    for name in ("cpu_seconds", "bytes_read", "bytes_written"):
        if used[name] is not None:
            _count(connection, name, amount=used[name])


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
    events.RootMadeReady: _root_made_ready,
    events.ImageResolved: _image_resolved,
    events.Uploaded: _uploaded,
    events.ResourcesUsed: _resources_used,
}
