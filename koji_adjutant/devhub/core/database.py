"""The SQLite file: opening it, and the few operations that the calls are written with.

One connection serves the whole process; ``dispatch.py`` lets one call at it at a time, each in a
transaction of its own. A second process (``set-password``) may write between two calls.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

Row = dict[str, Any]

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process's transaction."""


class ConstraintError(Exception):
    """A row that the schema does not allow; worded like PostgreSQL, which is what a real hub's users see.

    It is no koji fault: callers get fault code 1, as from a real hub.
    """


def iso_time(seconds: float | None) -> str | None:
    """Write a time (seconds since the epoch) as a real hub does: ``2026-11-22 08:44:19.709000+00:00``."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ")


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


class Database:
    """A connection with rows as dictionaries and statements built from column names."""

    def __init__(self, path: Path) -> None:
        sqlite3.register_converter("BOOLEAN", lambda raw: raw != b"0")
        sqlite3.register_converter("JSON", json.loads)
        new = not path.exists()
        self._connection = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            detect_types=sqlite3.PARSE_DECLTYPES,
        )
        self._connection.row_factory = _row
        self._connection.create_function("iso", 1, iso_time, deterministic=True)
        self._connection.create_function("regexp", 2, _regexp, deterministic=True)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        if new:
            script = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
            self._connection.executescript("BEGIN;" + script + "COMMIT;")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded back into it."""
        self._connection.close()

    @property
    def changes(self) -> int:
        """How many rows this connection has changed; it grows with each call that writes."""
        return self._connection.total_changes

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that the block writes or nothing: an exception undoes it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote if it raises, within a transaction that goes on (a call inside a
        multiCall)."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Fetch every row of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Fetch the first row of a query, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Fetch the first column of the first row of a query, or None."""
        row = self.one(sql, parameters)
        return None if row is None else next(iter(row.values()))

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Add a row. Returns its id. Raises ConstraintError."""
        names = list(values)
        marks = ", ".join("?" * len(names))
        sql = " ".join(["INSERT INTO", table, "(" + ", ".join(names) + ") VALUES (" + marks + ")"])
        try:
            cursor = self._connection.execute(sql, [_plain(values[name]) for name in names])
        except sqlite3.IntegrityError as error:
            raise ConstraintError(_explain(str(error), table, values)) from error
        return cursor.lastrowid or 0

    def update(self, table: str, values: Mapping[str, Any], where: Mapping[str, Any]) -> int:
        """Change the rows whose columns equal ``where``. Returns how many."""
        changes = ", ".join(name + " = ?" for name in values)
        condition = " AND ".join(name + " IS ?" for name in where)
        sql = " ".join(["UPDATE", table, "SET", changes, "WHERE", condition])
        parameters = [_plain(value) for value in (*values.values(), *where.values())]
        return self._connection.execute(sql, parameters).rowcount

    def delete(self, table: str, where: Mapping[str, Any]) -> int:
        """Remove the rows whose columns equal ``where``. Returns how many."""
        condition = " AND ".join(name + " IS ?" for name in where)
        sql = " ".join(["DELETE FROM", table, "WHERE", condition])
        return self._connection.execute(sql, list(where.values())).rowcount


def _regexp(pattern: str, value: str | None) -> bool:
    return value is not None and re.search(pattern, value) is not None


def _explain(message: str, table: str, values: Mapping[str, Any]) -> str:
    unique = re.match(r"UNIQUE constraint failed: (.*)", message)
    if unique is None:
        return f"{message} (table {table}, values {dict(values)})"
    columns = [column.rpartition(".")[2] for column in unique[1].split(", ")]
    shown = ", ".join(str(values.get(column)) for column in columns)
    return (
        f'duplicate key value violates unique constraint of "{table}"\n'
        f"DETAIL:  Key ({', '.join(columns)})=({shown}) already exists.\n"
    )
