"""Walking and copying trees that packagers have made.

Python's own functions for trees call themselves for each directory, or are given paths: a tree may be deeper
than Python's stack, and than what the kernel takes for a path. Here a tree is walked by descriptors of its
directories, of which a few are open at a time; no link is followed.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

OPEN = 32
"""Directories of one walk that are open at a time."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe must not make us wait
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class TreeEntry:
    """One file of a tree, good until the next one is asked for.

    ``name`` is its name in its directory, whose open descriptor is ``directory``; ``parts`` are the names of
    the directories above it. ``status`` is its own, not that of what it links to.
    """

    name: str
    directory: int
    parts: tuple[str, ...]
    status: os.stat_result

    @property
    def path(self) -> str:
        """Its path in the tree, which may be longer than the kernel takes."""
        return "/".join((*self.parts, self.name))

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)


def walk(top: Path) -> Iterator[TreeEntry]:
    """Yield all below a directory, each directory before what is in it, names in their order.

    Raises OSError for what cannot be read, or is not there any more when its turn comes, and if a directory
    is moved while it is walked.
    """
    place = _Place(top)
    pending = [_names(place.descriptor)]
    parts: tuple[str, ...] = ()
    try:
        while pending:
            if not pending[-1]:
                pending.pop()
                if pending:
                    place.ascend()
                    parts = parts[:-1]
                continue
            name = pending[-1].pop()
            status = os.stat(name, dir_fd=place.descriptor, follow_symlinks=False)
            entry = TreeEntry(name, place.descriptor, parts, status)
            yield entry
            if entry.is_directory:
                place.descend(name)
                parts = (*parts, name)
                pending.append(_names(place.descriptor))
    finally:
        place.close()


def open_file(name: str, directory: int) -> int:
    """Open a regular file in an open directory for reading. Raises OSError for what is none."""
    descriptor = os.open(name, _FILE, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ESTALE, "a file was replaced while it was read", name)
    return descriptor


def copy_tree(source: Path, target: Path, *, uid: int, gid: int) -> Mapping[str, str]:
    """Copy a directory to ``target``, which is made, for another user: files, directories, and links as they
    are.

    Modes and times of files are kept. Returns what was left out, since it is none of these: by its path in
    the tree, what ``special_kind`` calls it. Raises OSError for what cannot be read or written.
    """
    left_out: dict[str, str] = {}
    target.mkdir()
    place = _Place(target)
    try:
        os.fchown(place.descriptor, uid, gid)
        for entry in walk(source):
            while place.depth > len(entry.parts):
                place.ascend()
            if kind := special_kind(entry.status.st_mode):
                left_out[entry.path] = kind
                continue
            _copy(entry, place.descriptor, uid, gid)
            if entry.is_directory:
                place.descend(entry.name)
    finally:
        place.close()
    return left_out


def special_kind(mode: int) -> str | None:
    """Say what something of this mode is; None for a file, a directory or a link."""
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
        return None
    for is_kind, kind in (
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if is_kind(mode):
            return kind
    return "of an unknown kind"


def _copy(entry: TreeEntry, directory: int, uid: int, gid: int) -> None:
    name, status = entry.name, entry.status
    if entry.is_directory:
        os.mkdir(name, dir_fd=directory)
        os.chmod(name, status.st_mode & 0o777 | stat.S_IRWXU, dir_fd=directory)
    elif stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=entry.directory), name, dir_fd=directory)
    else:
        _copy_file(entry, directory)
    os.chown(name, uid, gid, dir_fd=directory, follow_symlinks=False)


def _copy_file(entry: TreeEntry, directory: int) -> None:
    with os.fdopen(open_file(entry.name, entry.directory), "rb") as original:
        descriptor = os.open(entry.name, _NEW_FILE, 0o600, dir_fd=directory)
        with os.fdopen(descriptor, "wb") as copy:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            os.fchmod(descriptor, entry.status.st_mode & 0o777)
            os.utime(descriptor, ns=(entry.status.st_atime_ns, entry.status.st_mtime_ns))


def _names(descriptor: int) -> list[str]:
    """Return the names in a directory, the last one first."""
    return sorted(os.listdir(descriptor), reverse=True)


class _Place:
    """A directory below a top, one step down or up at a time."""

    def __init__(self, top: Path) -> None:
        # closed ones can be opened again from below: by then it must be the same directory
        self._open: list[int | None] = [os.open(top, _DIRECTORY & ~os.O_NOFOLLOW)]
        self._known = [_identity(self.descriptor)]

    @property
    def descriptor(self) -> int:
        present = self._open[-1]
        assert present is not None  # noqa: S101 - only directories above are ever closed
        return present

    @property
    def depth(self) -> int:
        return len(self._open) - 1

    def descend(self, name: str) -> None:
        """Go into a directory, not through a link."""
        self._open.append(os.open(name, _DIRECTORY, dir_fd=self.descriptor))
        self._known.append(_identity(self.descriptor))
        far = len(self._open) - 1 - OPEN
        if far >= 0:
            self._close(far)

    def ascend(self) -> None:
        """Go back to the directory above. Raises OSError if what was left is not in it any more."""
        if self._open[-2] is None:
            above = os.open("..", _DIRECTORY, dir_fd=self.descriptor)
            if _identity(above) != self._known[-2]:
                os.close(above)
                raise OSError(errno.ESTALE, "a directory was moved while it was read")
            self._open[-2] = above
        self._close(len(self._open) - 1)
        del self._open[-1], self._known[-1]

    def close(self) -> None:
        for number in range(len(self._open)):
            self._close(number)

    def _close(self, number: int) -> None:
        descriptor = self._open[number]
        if descriptor is not None:
            self._open[number] = None
            os.close(descriptor)


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
