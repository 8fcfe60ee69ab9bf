"""The journal's file: made, opened for writing and for reading, put aside when it is no use any more."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

NAME = "journal.sqlite"
SUFFIXES = ("", "-wal", "-shm")
"""Of the files that SQLite makes of one database."""
VERSION = 1
"""Of schema.sql, kept in the file's user_version."""
NEWER = """
CREATE TABLE IF NOT EXISTS reproductions (
    task_id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    tries INTEGER NOT NULL,
    verdict TEXT,
    words TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_status_newest_first
    ON tasks (status, finished_at IS NULL DESC, started_at DESC, task_id DESC);
DROP INDEX IF EXISTS tasks_by_status;
"""
"""What a journal of an earlier release gets as well: it is no other version for that. Its indexes make
reading quicker, and tables are read only where they are there."""

BUSY_SECONDS = 5.0
"""Seconds that a writer waits for another one before it gives the event up.

A write takes no time, but one of a task that tidies up at the lowest priority may be kept from the processor
in the middle of it."""

READ_BUSY_SECONDS = 5.0
"""Seconds that a reader waits for a writer."""


def path_in(state_dir: Path) -> Path:
    """Return where a worker keeps its journal."""
    return state_dir / NAME


def open_writer(path: Path) -> sqlite3.Connection:
    """Open a connection that writes, for any thread of this process, one at a time. Raises sqlite3.Error.

    Nothing is flushed to disk on a commit: a process that dies loses nothing, a machine that dies loses the
    last minutes (with ``synchronous = NORMAL`` never more than that). Checkpoints, which do flush, are left
    to ``checkpoint``, so that no event has to wait for a disk.
    """
    connection = _connect(str(path), BUSY_SECONDS)
    with _closed_on_error(connection):
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that only reads.

    Raises sqlite3.Error if there is no journal, or not one of this version.
    """
    connection = _connect(path.resolve().as_uri() + "?mode=ro", READ_BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    with _closed_on_error(connection):
        if _version(connection) != VERSION:
            raise sqlite3.DatabaseError(f"{path} is a journal of another version")
    return connection


def prepare(path: Path) -> None:
    """Make the journal. One that is damaged, or of another version, is put aside first.

    sqlite3.Error or OSError if that cannot be done. Call it where no other process has the file open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not _is_sound(path):
        aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}")
        logger.warning("The journal %s cannot be used; it is kept as %s, and a new one begins", path, aside)
        for suffix in SUFFIXES:
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    connection = _connect(str(path), READ_BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        if _version(connection) == 0:
            schema = Path(__file__).with_name("schema.sql").read_text()
            connection.executescript(f"BEGIN;\n{schema}\nPRAGMA user_version = {VERSION};\nCOMMIT;")
        try:
            connection.executescript(NEWER)
        except sqlite3.OperationalError as problem:  # pages of tasks are slower then, and all is there
            logger.warning("The journal %s has not got its newer tables and indexes: %s", path, problem)
        path.chmod(0o640)
    finally:
        connection.close()


def remove(path: Path) -> None:
    """Forget everything. Call it where no process has the file open."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def unmerged_bytes(path: Path) -> int:
    """Return the size of the write-ahead log: what ``checkpoint`` has to bring into the main file."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def checkpoint(path: Path) -> None:
    """Bring what was written into the main file and on disk, and empty the write-ahead log.

    No writer waits for the disk: the log is emptied when all of it is there already, and nobody uses it just
    now. What a reader still needs stays until the next time. Raises sqlite3.Error.
    """
    connection = _connect(str(path), READ_BUSY_SECONDS)
    try:
        (_busy, in_log, in_file) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if in_file == in_log:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _is_sound(path: Path) -> bool:
    try:
        connection = _connect(str(path), READ_BUSY_SECONDS)
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return answer == "ok" and _version(connection) in (0, VERSION)
        finally:
            connection.close()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _connect(name: str, busy: float) -> sqlite3.Connection:
    return sqlite3.connect(
        name, timeout=busy, isolation_level=None, check_same_thread=False, uri=name.startswith("file:")
    )
