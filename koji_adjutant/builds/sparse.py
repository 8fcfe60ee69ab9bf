"""Copying files that may be mostly holes: a hundred gigabytes of them take no room, until they are copied."""

from __future__ import annotations

import errno
import os

CHUNK = 1 << 20


def copy_sparse(source: int, target: int) -> None:
    """Copy the regular file open at ``source`` into the empty one open at ``target``, with its holes.

    Both are descriptors. Where a file system knows nothing of holes there are none.
    """
    size = os.fstat(source).st_size
    position = 0
    while position < size:
        try:
            position = os.lseek(source, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break  # nothing but a hole up to the end
        position = _copy_data(source, target, position, os.lseek(source, position, os.SEEK_HOLE))
    os.ftruncate(target, size)


def _copy_data(source: int, target: int, position: int, end: int) -> int:
    """Copy what lies between two positions; return the second one."""
    while position < end and (data := os.pread(source, min(CHUNK, end - position), position)):
        position += os.pwrite(target, data, position)
    return end
