"""Which files of a root are opened, seen from outside by the kernel's fanotify."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import select
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.errors import BuildrootError

logger = logging.getLogger(__name__)

MOST = 100_000
"""Paths that are remembered: a build may make names without end."""
DRAIN = 5.0
"""Seconds for what is left to be read when the block has ended."""

# linux/fanotify.h
_CLOSE_ON_EXEC, _NONBLOCK, _UNLIMITED_MARKS = 0x1, 0x2, 0x20
_ADD, _FILESYSTEM, _IGNORED, _IGNORED_FOR_GOOD = 0x1, 0x100, 0x20, 0x40
_OPEN = 0x20
_OVERFLOW = 0x4000
_EVENT = struct.Struct("IBBHQii")
_BUFFER = 64 * _EVENT.size
"""Of so many events the files are open at a time."""
# A file is opened for us as well: none of these waits, or changes what it is asked about.
_OPENED_FOR_US = os.O_RDONLY | os.O_NONBLOCK | os.O_NOATIME | os.O_CLOEXEC


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
    us: what is opened is opened. Each file is told of once; what the kernel's queue of some 16,000 cannot
    hold is left out. Raises BuildrootError where the kernel does not do that (before 4.20, or without
    CAP_SYS_ADMIN), OSError where there are no more files.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    ended, end = os.pipe()
    descriptor = libc.fanotify_init(_CLOSE_ON_EXEC | _NONBLOCK | _UNLIMITED_MARKS, _OPENED_FOR_US)
    whole = _ADD | _FILESYSTEM
    if (
        descriptor < 0
        or libc.fanotify_mark(descriptor, whole, ctypes.c_uint64(_OPEN), -1, os.fsencode(root)) < 0
    ):
        problem = os.strerror(ctypes.get_errno())
        for number in filter(lambda number: number >= 0, (descriptor, ended, end)):
            os.close(number)
        raise BuildrootError(f"the kernel does not tell which files are opened: {problem}")
    found = OpenedFiles()
    reader = _EventReader(libc, descriptor, ended, os.path.realpath(root), found)
    thread = threading.Thread(target=reader.run)
    thread.start()
    try:
        yield found
    finally:
        os.write(end, b"\0")
        os.close(end)
        thread.join()


class _EventReader:
    """Reads events until something comes from ``ended``; closes both descriptors itself."""

    def __init__(self, libc: ctypes.CDLL, descriptor: int, ended: int, root: str, found: OpenedFiles) -> None:
        self._libc = libc
        self._descriptor = descriptor
        self._ended = ended
        self._root = root
        self._found = found

    def run(self) -> None:
        try:
            while self._ended not in select.select([self._ended, self._descriptor], [], [])[0]:
                self._take()
            self._drain()
        except Exception:
            logger.exception("No more is noted of which files are opened")
            self._found.complete = False
        finally:
            os.close(self._descriptor)
            os.close(self._ended)

    def _drain(self) -> None:
        until = time.monotonic() + DRAIN
        while select.select([self._descriptor], [], [], 0)[0]:
            if time.monotonic() > until:
                self._found.complete = False
                return
            self._take()

    def _take(self) -> None:
        """Read some events."""
        try:
            data = os.read(self._descriptor, _BUFFER)
        except OSError as problem:
            # an event whose file cannot be opened once more; a device that is not there is no loss
            if problem.errno not in (errno.ENXIO, errno.ENODEV):
                self._found.complete = False
            return
        offset = 0
        while offset < len(data):
            length, _version, _reserved, _header, mask, opened, _pid = _EVENT.unpack_from(data, offset)
            offset += length
            if mask & _OVERFLOW:
                self._found.complete = False
            if opened >= 0:
                self._note(opened)

    def _note(self, opened: int) -> None:
        try:
            if len(self._found.paths) >= MOST:
                self._found.complete = False
                return
            link = f"/proc/self/fd/{opened}"
            # what is opened in a container has its path there
            self._found.paths.add(str(Path(link).readlink()).removeprefix(self._root))
            once = _ADD | _IGNORED | _IGNORED_FOR_GOOD
            self._libc.fanotify_mark(self._descriptor, once, ctypes.c_uint64(_OPEN), -1, os.fsencode(link))
        finally:
            os.close(opened)
