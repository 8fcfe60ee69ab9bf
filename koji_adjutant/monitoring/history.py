"""Reading the journal: what runs, what ran, and why it failed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.durations import BOUNDS
from koji_adjutant.monitoring.records import (
    RUNNING,
    CacheUse,
    Container,
    Day,
    Ended,
    Phase,
    Progress,
    Reproduction,
    Resources,
    Task,
    WorkerRecord,
)
from koji_adjutant.monitoring.rows import failure_of, record_of

ID_LENGTH = 12
"""How much of an id podman shows, and takes for it."""
ESTIMATED_FROM = 5
"""How many earlier tasks of the same kind a running one's progress is estimated from."""

_TASKS = """
SELECT tasks.*,
    (SELECT container_id FROM containers WHERE containers.task_id = CAST(tasks.task_id AS TEXT)
        ORDER BY created_at DESC LIMIT 1) AS container_id,
    (SELECT name FROM phases WHERE phases.task_id = tasks.task_id
        ORDER BY finished_at IS NULL DESC, number DESC LIMIT 1) AS stage
FROM ({selected}) AS tasks {order}
"""
_NEWEST_FIRST = "ORDER BY finished_at IS NULL DESC, started_at DESC, task_id DESC"


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks are wanted; None is any. ``search``: a part of source, tag or task id; ``ended``: none that
    runs."""

    status: str | None = None
    method: str | None = None
    arch: str | None = None
    tag: str | None = None
    failure_class: str | None = None
    since: float | None = None
    search: str | None = None
    ended: bool = False

    def sql(self, *, page: bool = False) -> tuple[str, list[Any]]:
        """Return the condition, and its values.

        For a ``page`` of the newest all tasks are read in their order until it is full, but where a status is
        wanted, which has an index of its own: quicker than sorting all that fit.
        """
        conditions, values = [], []
        for column in ("status", "method", "arch", "tag", "failure_class"):
            value = getattr(self, column)
            if value is not None:
                conditions.append(f"{'+' if page and column != 'status' else ''}{column} = ?")
                values.append(value)
        if self.since is not None:
            conditions.append("started_at >= ?")
            values.append(self.since)
        if self.ended:
            conditions.append("finished_at IS NOT NULL")
        if self.search:
            conditions.append(
                "instr(lower(task_id || ' ' || ifnull(source, '') || ' ' || ifnull(tag, '')), ?)"
            )
            values.append(self.search.lower())
        return (" WHERE " + " AND ".join(conditions) if conditions else ""), values


@dataclass(frozen=True)
class DurationSeries:
    """A histogram's state: ``counts`` for each bucket of ``durations.BOUNDS`` and the one above them."""

    labels: Sequence[str]
    counts: Sequence[int]
    seconds: float


class History:
    """One look at a journal, from one consistent state; made by ``open_history``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tasks(self, wanted: TaskFilter | None = None, *, limit: int = 50, offset: int = 0) -> list[Task]:
        """Return the newest first, those that run before those that have ended."""
        where, values = (wanted or TaskFilter()).sql(page=True)
        selected = f"SELECT * FROM tasks{where} {_NEWEST_FIRST} LIMIT ? OFFSET ?"  # noqa: S608
        query = _TASKS.format(selected=selected, order=_NEWEST_FIRST)
        rows = self._connection.execute(query, [*values, limit, offset])
        return [self._task(row) for row in rows]

    def count_tasks(self, wanted: TaskFilter | None = None) -> int:
        where, values = (wanted or TaskFilter()).sql()
        return self._number(f"SELECT count(*) FROM tasks{where}", values)  # noqa: S608

    def task(self, task_id: int) -> Task | None:
        query = _TASKS.format(selected="SELECT * FROM tasks WHERE task_id = ?", order="")
        row = self._connection.execute(query, [task_id]).fetchone()
        return self._task(row) if row else None

    def phases(self, task_id: int) -> list[Phase]:
        """Return a task's phases in the order in which they started."""
        rows = self._connection.execute("SELECT * FROM phases WHERE task_id = ? ORDER BY number", [task_id])
        return [record_of(Phase, row) for row in rows]

    def cache_uses(self, task_id: int) -> list[CacheUse]:
        rows = self._connection.execute("SELECT * FROM cache_uses WHERE task_id = ? ORDER BY at", [task_id])
        return [record_of(CacheUse, row) for row in rows]

    def reproduction(self, task_id: int) -> Reproduction | None:
        """Return what came of doing a task's build once more; None if nobody tried."""
        if not self._reproductions:
            return None
        query = "SELECT * FROM reproductions WHERE task_id = ?"
        row = self._connection.execute(query, [task_id]).fetchone()
        return record_of(Reproduction, row) if row else None

    def next_to_reproduce(self, now: float, *, lately: float, tries: int, pause: float) -> int | None:
        """Return the newest buildArch task that ended well ``lately``, and has no verdict.

        It had fewer than ``tries``, the last one more than ``pause`` seconds ago.
        """
        row = (
            self._reproductions
            and self._connection.execute(
                "SELECT task_id FROM tasks LEFT JOIN reproductions USING (task_id)"
                " WHERE method = 'buildArch' AND status = 'closed' AND finished_at >= ?"
                " AND verdict IS NULL AND ifnull(tries, 0) < ? AND ifnull(at, 0) <= ?"
                " ORDER BY finished_at DESC LIMIT 1",
                [now - lately, tries, now - pause],
            ).fetchone()
        )
        return int(row["task_id"]) if row else None

    def containers(
        self,
        *,
        task_id: str | None = None,
        status: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Container]:
        """Return containers, newest first."""
        conditions, values = _containers_like(task_id, status)
        rows = self._connection.execute(
            f"SELECT * FROM containers WHERE {conditions}"  # noqa: S608
            " ORDER BY created_at DESC, rowid DESC LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [record_of(Container, row) for row in rows]

    def count_containers(
        self, *, task_id: str | None = None, status: str | None = None, among: Sequence[str] | None = None
    ) -> int:
        """Count containers, only those with an id ``among`` these if any are given."""
        conditions, values = _containers_like(task_id, status)
        if among is not None:
            conditions += f" AND container_id IN ({', '.join('?' * len(among))})"
            values += among
        return self._number(f"SELECT count(*) FROM containers WHERE {conditions}", values)  # noqa: S608

    def container(self, container_id: str) -> Container | None:
        """Find one by id, by at least twelve characters of its beginning, or by name."""
        query = "SELECT * FROM containers WHERE container_id = ?1 OR name = ?1"
        row = self._connection.execute(query, [container_id]).fetchone()
        if row is None and len(container_id) >= ID_LENGTH:
            query = "SELECT * FROM containers WHERE container_id > ?1 AND container_id < ?1 || x'7f'"
            row = self._connection.execute(query, [container_id]).fetchone()
        return record_of(Container, row) if row else None

    def day(self, midnight: float) -> Day:
        (completed, failed) = self._connection.execute(
            "SELECT ifnull(sum(status = 'closed'), 0), ifnull(sum(status = 'failed'), 0)"
            " FROM tasks WHERE finished_at >= ?",
            [midnight],
        ).fetchone()
        (last,) = self._connection.execute("SELECT max(finished_at) FROM tasks").fetchone()
        return Day(completed, failed, last)

    def worker(self) -> WorkerRecord | None:
        """Return the worker that keeps this journal; None before its first start."""
        row = self._connection.execute("SELECT * FROM worker").fetchone()
        return record_of(WorkerRecord, row) if row else None

    def ended(self, since: float, interval: float) -> list[Ended]:
        """Count the tasks that ended, by status, in each interval of so many seconds since then."""
        rows = self._connection.execute(
            "SELECT CAST((finished_at - ?1) / ?2 AS INTEGER) AS number, status, count(*) FROM tasks"
            " WHERE finished_at >= ?1 GROUP BY number, status",
            [since, interval],
        )
        return [Ended(*row) for row in rows]

    def totals(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Return metric → labels' values → what it has grown to since the journal began."""
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for metric, labels, value in self._connection.execute("SELECT metric, labels, value FROM totals"):
            found.setdefault(metric, {})[tuple(json.loads(labels))] = value
        return found

    def durations(self, metric: str) -> list[DurationSeries]:
        series: dict[str, tuple[list[int], float]] = {}
        rows = self._connection.execute(
            "SELECT labels, bucket, count, seconds FROM durations WHERE metric = ? ORDER BY labels", [metric]
        )
        for labels, bucket, count, seconds in rows:
            counts, total = series.setdefault(labels, ([0] * (len(BOUNDS) + 1), 0.0))
            counts[bucket] += count
            series[labels] = counts, total + seconds
        return [
            DurationSeries(json.loads(labels), counts, total) for labels, (counts, total) in series.items()
        ]

    @property
    def _reproductions(self) -> bool:
        """Whether there is that table, which a journal of an earlier release gets at the worker's start."""
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'reproductions'"
        return self._number(query) > 0

    def _task(self, row: sqlite3.Row) -> Task:
        return record_of(
            Task,
            row,
            failure=failure_of(row),
            resources=record_of(Resources, row),
            progress=Progress(row["stage"], self._percent(row)),
        )

    def _percent(self, row: sqlite3.Row) -> int | None:
        if row["status"] != RUNNING:
            return 100
        usual = self._usual_seconds(row["method"], row["source"], row["arch"])
        if not usual:
            return None
        (now,) = self._connection.execute("SELECT (julianday('now') - 2440587.5) * 86400.0").fetchone()
        return max(0, min(99, int(100 * (now - row["started_at"]) / usual)))

    def _usual_seconds(self, method: str, source: str | None, arch: str) -> float | None:
        """Return the mean of the last such tasks that went well: of the same source, else of the method."""
        for condition, values in (("AND source = ? AND arch = ?", [source, arch]), ("", [])):
            (mean,) = self._connection.execute(
                "SELECT avg(seconds) FROM (SELECT finished_at - started_at AS seconds FROM tasks"  # noqa: S608
                f" WHERE method = ? AND status = 'closed' AND finished_at IS NOT NULL {condition}"
                " ORDER BY finished_at DESC LIMIT ?)",
                [method, *values, ESTIMATED_FROM],
            ).fetchone()
            if mean is not None:
                return float(mean)
        return None

    def _number(self, query: str, values: Sequence[Any] = ()) -> int:
        (number,) = self._connection.execute(query, values).fetchone()
        return int(number)


def _containers_like(task_id: str | None, status: str | None) -> tuple[str, list[str]]:
    wanted = {"task_id": task_id, "status": status}
    given = {column: value for column, value in wanted.items() if value is not None}
    return " AND ".join(["1", *(f"{column} = ?" for column in given)]), list(given.values())


@contextmanager
def open_history(path: Path) -> Iterator[History]:
    """Look at the journal at ``path``. sqlite3.Error if there is none, or it cannot be read."""
    connection = database.open_reader(path)
    try:
        connection.execute("BEGIN")
        yield History(connection)
    finally:
        connection.close()
