"""The locks of the store's keys."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from koji_adjutant.errors import BuildrootError

Kind = Literal["use", "compose", "seal"]


class Locks:
    """A directory of lock files (flock), ``<key>.<kind>``, which are never removed.

    They belong to open files: a process that dies, however it dies, gives up its own.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o755)

    @contextmanager
    def shared(self, key: str, kind: Kind) -> Iterator[Path]:
        """Hold a lock with others while the block runs, and yield its file; wait for who has it alone."""
        with self._locked(key, kind, fcntl.LOCK_SH) as path:
            yield path

    @contextmanager
    def alone(self, key: str, kind: Kind, *, wait: bool = True) -> Iterator[None]:
        """Be the only one to hold a lock while the block runs.

        Without ``wait``, raises BlockingIOError if somebody holds it.
        """
        with self._locked(key, kind, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)):
            yield

    def held(self, key: str, kind: Kind) -> bool:
        """Return whether somebody holds a lock just now."""
        try:
            with self.alone(key, kind, wait=False):
                return False
        except BlockingIOError:
            return True

    def last_use(self, key: str) -> float:
        """Return when the key was used last, in seconds since the epoch; 0 where nobody knows."""
        try:
            return (self._directory / f"{key}.use").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    @contextmanager
    def _locked(self, key: str, kind: Kind, operation: int) -> Iterator[Path]:
        path = self._directory / f"{checked(key)}.{kind}"
        with locked(path, operation):
            yield path


@contextmanager
def locked(path: Path, operation: int) -> Iterator[None]:
    """Hold the lock of a file, made if it is absent, while the block runs; ``operation`` is flock's.

    Raises BlockingIOError where that is not to wait, and somebody else holds it.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open a lock's file, made if it is absent. A directory that has got its name can be locked as well."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.EISDIR:
            raise
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def is_key(name: str) -> bool:
    """Return whether it is a plain name, of letters and digits: a checksum, usually."""
    return bool(name) and all(character.isalnum() or character in "-_" for character in name)


def checked(key: str) -> str:
    """Return the key. Raises BuildrootError for what is none, a path for example."""
    if not is_key(key):
        raise BuildrootError(f"{json.dumps(key)} cannot be a key of the root store; use letters and digits")
    return key
