"""Which files of a root are opened, seen from outside by the kernel's fanotify."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.errors import BuildrootError

MOST = 1_000_000
"""Paths that are remembered: a build may make names without end."""

# linux/fanotify.h
_CLOSE_ON_EXEC, _NONBLOCK, _UNLIMITED_QUEUE = 0x1, 0x2, 0x10
_ADD, _FILESYSTEM = 0x1, 0x100
_OPEN = 0x20
_OVERFLOW = 0x4000
_EVENT = struct.Struct("IBBHQii")
# A file is opened for us as well: none of these waits, or changes what it is asked about.
_OPENED_FOR_US = os.O_RDONLY | os.O_NONBLOCK | os.O_NOATIME | os.O_CLOEXEC

_BUFFER = 1 << 16


class OpenedFiles:
    """Paths inside a root that were opened, as they are there: links are followed already.

    ``complete`` is False where the kernel, or MOST, left some out.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.complete = True


@contextmanager
def opened_files(root: Path) -> Iterator[OpenedFiles]:
    """Note what is opened in the file system that is mounted at ``root``, by whomever, while the block runs.

    All of that file system is watched, so it has to be the root's alone, as an overlay is. Nothing waits for
    us: what is opened is opened. Raises BuildrootError where the kernel does not do that (before 4.20, or
    without CAP_SYS_ADMIN).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.fanotify_init(_CLOSE_ON_EXEC | _NONBLOCK | _UNLIMITED_QUEUE, _OPENED_FOR_US)
    if descriptor < 0:
        raise _refused()
    ended, end = os.pipe()
    try:
        here = os.fsencode(root)
        if libc.fanotify_mark(descriptor, _ADD | _FILESYSTEM, ctypes.c_uint64(_OPEN), -1, here) < 0:
            raise _refused()
        found = OpenedFiles()
        reader = threading.Thread(target=_read, args=(descriptor, ended, os.path.realpath(root), found))
        reader.start()
        try:
            yield found
        finally:
            os.write(end, b"\0")
            reader.join()
    finally:
        for number in (descriptor, ended, end):
            os.close(number)


def _refused() -> BuildrootError:
    return BuildrootError(
        f"the kernel does not tell which files are opened: {os.strerror(ctypes.get_errno())}"
    )


def _read(descriptor: int, ended: int, root: str, found: OpenedFiles) -> None:
    """Take events until there is no more to come, and none left."""
    over = False
    while not over:
        over = ended in select.select([descriptor, ended], [], [])[0]
        while events := _events(descriptor):
            for mask, opened in events:
                if mask & _OVERFLOW:
                    found.complete = False
                if opened >= 0:
                    _note(opened, root, found)


def _events(descriptor: int) -> list[tuple[int, int]]:
    """Return masks and descriptors of opened files, which are the caller's to close."""
    try:
        data = os.read(descriptor, _BUFFER)
    except BlockingIOError:
        return []
    except OSError as problem:
        # of an event whose file cannot be opened once more: a device that is not there, say
        if problem.errno in (errno.ENXIO, errno.ENODEV, errno.EPERM, errno.ETXTBSY, errno.EACCES):
            return [(0, -1)]
        raise
    events, offset = [], 0
    while offset < len(data):
        length, _version, _reserved, _header, mask, opened, _pid = _EVENT.unpack_from(data, offset)
        events.append((mask, opened))
        offset += length
    return events


def _note(opened: int, root: str, found: OpenedFiles) -> None:
    try:
        path = str(Path(f"/proc/self/fd/{opened}").readlink())
    finally:
        os.close(opened)
    if len(found.paths) >= MOST:
        found.complete = False
        return
    # what is opened in a container has its path there
    found.paths.add(path.removeprefix(root))
