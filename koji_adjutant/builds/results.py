"""Taking results out of a directory that belongs to a hostile build user.

Nothing of the build runs any more, but anything may have been left there: links to the host's files, pipes,
names made to confuse, files of any length. So directories are walked by descriptor without following links,
and only packages, regular files with plain names, are taken, as copies.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.builds.sparse import copy_sparse
from koji_adjutant.errors import BuildFailed, SourceError, SpecError
from koji_adjutant.rpm.header import RpmHeader
from koji_adjutant.text import size

_PACKAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~^:-]*\.rpm")
"""What rpm allows in name, version, release and arch."""

LARGEST = 64 << 30
"""Bytes of a package; longer ones are none. The hub is sent all of them, holes too."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe must not make us wait
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def package_names(home: Path, directory: Sequence[str]) -> list[str]:
    """Return the names of the RPM files in a directory of /builddir, sorted.

    ``home`` is /builddir as seen from outside, ``directory`` the path below it. Raises BuildFailed if that is
    no plain directory.
    """
    with _opened(home, directory) as descriptor:
        # pathlib knows no descriptors
        entries = os.listdir(descriptor)  # noqa: PTH208
        return sorted(name for name in entries if name.endswith(".rpm"))


def take_packages(
    home: Path, directory: Sequence[str], target: Path, names: Sequence[str] | None = None
) -> list[Path]:
    """Copy RPM files, all or those named, from a directory of /builddir to ``target``; return the copies.

    ``home`` is /builddir as seen from outside, ``directory`` the path below it (``["build", "RPMS"]``). All
    are sorted, those named keep their order. Raises BuildFailed for anything called ``.rpm`` that is no
    package, or has another name than packages have, and for what there is no room for; SpecError for a macro
    that nothing defines in a name.
    """
    if names is None:
        names = package_names(home, directory)
    with _opened(home, directory) as descriptor:
        return [_take(descriptor, name, target) for name in names]


def remove_file(home: Path, directory: Sequence[str], name: str) -> None:
    """Remove one file from a directory of /builddir; links are not followed."""
    with _opened(home, directory) as descriptor:
        os.unlink(name, dir_fd=descriptor)


def _take(directory: int, name: str, target: Path) -> Path:
    if "%" in name:
        raise SpecError(f"nothing defines a macro that name, version or release consist of: {name!r}")
    if not _PACKAGE_NAME.fullmatch(name):
        raise BuildFailed(f"the build left a file whose name is not a package's: {name!r}")
    try:
        descriptor = os.open(name, _FILE, dir_fd=directory)
    except OSError as error:
        raise BuildFailed(f"the build left {name}, which is not a regular file: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BuildFailed(f"the build left {name}, which is not a regular file")
    with os.fdopen(descriptor, "rb") as source:
        path = target / name
        if path.exists():
            raise BuildFailed(f"the build left two files that are called {name}")
        _check(source.fileno(), name, target)
        with path.open("xb") as copy:
            copy_sparse(source.fileno(), copy.fileno())
    return path


def _check(descriptor: int, name: str, target: Path) -> None:
    """Raise BuildFailed for an open file that is no package, or too large to be copied to ``target``."""
    length = os.fstat(descriptor).st_size
    disk = os.statvfs(target)
    free = disk.f_bavail * disk.f_frsize
    if length > min(free, LARGEST):
        reason = ": no package is that large" if length > LARGEST else f", and only {size(free)} are free"
        raise BuildFailed(f"the build left {name} with a length of {size(length)}{reason}")
    try:
        RpmHeader(Path(f"/proc/self/fd/{descriptor}"))
    except SourceError as problem:
        raise BuildFailed(f"the build left {name}, which is no RPM package") from problem


@contextmanager
def _opened(home: Path, directory: Sequence[str]) -> Iterator[int]:
    descriptor = os.open(home, _DIRECTORY)
    try:
        for part in directory:
            try:
                inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
            except OSError as error:
                where = "/".join(directory)
                raise BuildFailed(
                    f"/builddir/{where} is not a plain directory any more: {error.strerror}"
                ) from error
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
