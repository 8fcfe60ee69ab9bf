"""Reading a log that grows, in constant memory, byte for byte."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from koji_adjutant.errors import NotFound
from koji_adjutant.monitoring.log_files import start_of_tail

CHUNK = 1 << 16
"""Bytes that are read at once."""


class GrowingLog:
    """A log, from its start or its last lines on; one that is written anew, again from its start.

    FileNotFoundError if there is none; NotFound if it is no regular file, or may not be read.
    """

    def __init__(self, path: Path, *, last_lines: int | None = None) -> None:
        self._path = path
        self._file = _open(path)
        if last_lines is not None:
            self._file.seek(start_of_tail(self._file.fileno(), last_lines))

    def __enter__(self) -> GrowingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self) -> bytes:
        """Return a piece of what is there and has not been read; empty if there is nothing now."""
        data = self._file.read(CHUNK)
        if not data and self._is_anew():
            self._file.close()
            self._file = _open(self._path)
            data = self._file.read(CHUNK)
        return data

    def _is_anew(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # the task has ended and its directory was put aside: our file is whole
        ours = os.fstat(self._file.fileno())
        return not os.path.samestat(there, ours) or ours.st_size < self._file.tell()


def _open(path: Path) -> BinaryIO:
    """Open a regular file, and no link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno == errno.ENOENT:
            raise
        raise NotFound(f"{path} cannot be read: {problem.strerror}.") from problem
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFound(f"{path} is not a log: it is not a regular file.")
    return os.fdopen(descriptor, "rb", buffering=0)
