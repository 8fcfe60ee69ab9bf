"""Packages that were downloaded once, for all tasks of this machine."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from koji_adjutant.buildroot.cache.locks import locked
from koji_adjutant.buildroot.files.removal import remove_file, remove_tree
from koji_adjutant.buildroot.repository.attempts import Report
from koji_adjutant.buildroot.repository.transfer import Checksum, Expected, fetch
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.errors import BuildrootError
from koji_adjutant.text import size

logger = logging.getLogger("koji_adjutant.buildroot")

AT_ONCE = 8
"""Downloads at a time, of one task."""

Locations = Mapping[str, Sequence[str]]
"""A repository's id → its URLs, the first that is to be tried first."""


class PackageCache:
    """A directory of RPM files, each named by its checksum.

    - ``<kind>-<checksum>.rpm`` is a whole file, put there by a rename; ``<…>.part`` is one being downloaded,
      or left by one that died. Whoever writes a ``.part`` holds its lock (flock), so that two tasks that miss
      the same package download it once.
    - A file's checksum is checked when it is downloaded and each time it is used: a damaged one is downloaded
      again.
    - Who uses files holds the lock of ``users`` shared; ``evict`` holds it exclusively, and does not wait for
      it.
    - ``<random>.held/`` has further names of the files that one user holds, or held before it died: packages'
      scripts may see what they are installed with, not what other tags have.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def holding(
        self,
        packages: Sequence[PackageFile],
        locations: Locations,
        proxy: str | None = None,
        *,
        offline: bool = False,
        report: Report = logger.warning,
    ) -> Iterator[list[Path]]:
        """Download the packages that are missing, and yield the files of all, in the packages' order.

        They are in a directory of their own that stays while the block runs. ``locations`` are tried in their
        order; ``offline`` takes what is missing from directories of this machine only. ``report`` is called
        with a line for each attempt that has to be made again. Raises BuildrootError, which names what is not
        available, or says where the disk has no room for what is to be downloaded.
        """
        self._check_room(packages)

        def get(package: PackageFile) -> Path:
            urls = package.urls(locations.get(package.repository, ()))
            if offline:
                urls = [url for url in urls if urlsplit(url).scheme == "file"]
            return self._get(package, urls, proxy, report)

        with self._users(fcntl.LOCK_SH):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                files = list(pool.map(get, packages))
            held = self._directory / f"{uuid.uuid4().hex}.held"
            held.mkdir()
            try:
                for file in {*files}:
                    (held / file.name).hardlink_to(file)
                yield [held / file.name for file in files]
            finally:
                shutil.rmtree(held)

    def missing(self, packages: Sequence[PackageFile]) -> list[PackageFile]:
        """Return those of the packages that have not been downloaded."""
        return [package for package in packages if not self._path(package).exists()]

    def evict(self, limit: int) -> bool:
        """Remove what was used longest ago until the rest has ``limit`` bytes; nothing while any are used.

        Returns whether that was done.
        """
        with suppress(BlockingIOError), self._users(fcntl.LOCK_EX | fcntl.LOCK_NB):
            files = {path: path.stat() for path in self._directory.glob("*.rpm")}
            total = sum(status.st_size for status in files.values())
            for leftover in (*self._directory.glob("*.part"), *self._directory.glob("*.held")):
                remove_tree(leftover)
            for path in sorted(files, key=lambda path: files[path].st_mtime):
                if total <= limit:
                    break
                remove_file(path)
                total -= files[path].st_size
            return True
        return False

    def size(self) -> tuple[int, int]:
        """Return how many files there are, and their bytes."""
        sizes = [path.stat().st_size for path in self._directory.glob("*.rpm")]
        return len(sizes), sum(sizes)

    def _get(self, package: PackageFile, urls: Sequence[str], proxy: str | None, report: Report) -> Path:
        path, checksum = self._path(package), Checksum.parse(package.checksum)
        if self._is_whole(path, checksum):
            os.utime(path)
            return path
        part = path.with_suffix(".part")
        for place in (path, part):
            if place.is_dir():
                remove_tree(place)
        with part.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_whole(path, checksum):  # somebody else has just downloaded it
                part.unlink(missing_ok=True)
            else:
                if not urls:
                    raise BuildrootError(
                        f"{package.nevra} is not on this machine, and nothing may be downloaded"
                    )
                fetch(urls, part, Expected(checksum, package.size), proxy=proxy, report=report)
                part.rename(path)
        return path

    def _check_room(self, packages: Sequence[PackageFile]) -> None:
        """Raise BuildrootError, class disk, where not all that is missing would find room."""
        wanted = sum(package.size for package in self.missing(packages))
        status = os.statvfs(self._directory)
        if wanted > status.f_bavail * status.f_frsize:
            raise BuildrootError(
                f"No space left on device: {size(wanted)} of packages are missing in {self._directory}"
            )

    def _is_whole(self, path: Path, checksum: Checksum) -> bool:
        try:
            return checksum.fits(path)
        except OSError:  # not there, or of no use
            return False

    def _path(self, package: PackageFile) -> Path:
        checksum = Checksum.parse(package.checksum)
        return self._directory / f"{checksum.kind}-{checksum.value}.rpm"

    def _users(self, operation: int) -> AbstractContextManager[None]:
        return locked(self._directory / "users", operation)
