"""A task's log files: which there are, where their last lines begin, reading them piece by piece.

Logs are bytes of any length. Nothing here reads more than ``PIECE`` at a time.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PIECE = 1 << 18
"""Bytes that are read at once."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""What a log may be called: nothing that leads out of its directory."""
SHOWN = (".log", ".json", ".repo", ".koji", ".sh")
"""Endings of files that are shown as logs; a running task's results lie beside them and are not."""
MAIN_LOGS = (
    *("build.log", "mergerepos.log", "createrepo.log", "runroot.log", "save_tree.log", "checkout.log"),
    "root.log",
)
"""The logs that people look into; what a later step writes stands before what an earlier one does."""


@dataclass(frozen=True)
class LogFile:
    name: str
    size: int


def listing(directory: Path | None) -> list[LogFile]:
    """Return the names of a task's logs, the most informative one first."""
    if directory is None:
        return []
    try:
        names = [path.name for path in directory.iterdir() if is_log(path.name)]
    except OSError:
        return []
    found = []
    for name in names:
        with suppress(FileNotFoundError):  # it went while we looked
            status = (directory / name).lstat()
            if stat.S_ISREG(status.st_mode):
                found.append(LogFile(name, status.st_size))
    order = {name: number for number, name in enumerate(MAIN_LOGS)}
    return sorted(found, key=lambda file: (order.get(file.name, len(MAIN_LOGS)), file.name))


def is_log(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name.endswith(SHOWN)


def open_log(directory: Path, name: str) -> int | None:
    """Open a log. Returns a descriptor; None if there is no such file, or it is no plain file."""
    if not is_log(name):
        return None
    try:
        descriptor = os.open(directory / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def size(descriptor: int) -> int:
    return os.fstat(descriptor).st_size


def start_of_tail(descriptor: int, lines: int) -> int:
    """Return where the last ``lines`` lines begin; the newline at the very end begins no further one."""
    position = size(descriptor)
    if lines == 0:
        return position
    wanted = lines + (position > 0 and os.pread(descriptor, 1, position - 1) == b"\n")
    while position > 0:
        start = max(0, position - PIECE)
        piece = os.pread(descriptor, position - start, start)
        count = piece.count(b"\n")
        if count >= wanted:
            return start + _nth_last(piece, wanted) + 1
        wanted -= count
        position = start
    return 0


def pieces(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """Yield what is between; less if the file became shorter meanwhile."""
    while start < end and (piece := os.pread(descriptor, min(PIECE, end - start), start)):
        yield piece
        start += len(piece)


def window(descriptor: int, around: int, before: int, after: int) -> tuple[int, bytes]:
    """Return where the whole lines around a place begin, and the lines."""
    start = max(0, around - before)
    data = os.pread(descriptor, around - start + after, start)
    if start > 0 and (newline := data[: around - start].find(b"\n")) >= 0:
        data = data[newline + 1 :]
        start += newline + 1
    if start + len(data) < size(descriptor) and (newline := data.rfind(b"\n")) >= 0:
        data = data[: newline + 1]
    return start, data


def _nth_last(piece: bytes, number: int) -> int:
    """Return where the newline is that is the ``number``-th from the end."""
    position = len(piece)
    for _ in range(number):
        position = piece.rfind(b"\n", 0, position)
    return position


def main_log(files: Sequence[LogFile]) -> str | None:
    return next((file.name for file in files if file.name.endswith(".log")), None)
