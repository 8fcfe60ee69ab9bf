"""The store of what buildroots are made of."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.files.tree import changes, describe, read_manifest, write_manifest
from koji_adjutant.buildroot.files.walk import walk
from koji_adjutant.errors import BuildrootError

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class EntryUsage:
    """An entry's key, its bytes on disk, and when it was used last, in seconds since the epoch."""

    key: str
    size: int
    last_use: float


@dataclass(frozen=True)
class Lease:
    """An entry that stays while it is leased: its directory, and whether it was made for this lease."""

    path: Path
    composed: bool


class RootStore:
    """Entries that take a while to make, and then never change: layers of roots, metadata of repositories.

    Layout of the directory; everything is on one file system, so that renames are atomic:

    - ``entries/<key>/`` a finished entry. What is in it is the composer's business; ``.boot-id`` and
      ``.size`` (bytes on disk) are ours.
    - ``staging/<key>.<random>/`` an entry being composed, or left over by a composer that died.
    - ``trash/<random>/`` what is no longer wanted; removed by ``sweep``, never in the path of a build.
    - ``synced/<key>`` exists if the entry's files are known to be on disk.
    - ``manifests/<key>`` lists the entry's files, with their checksums, once it is ``seal``ed.
    - ``locks/<key>.use``, ``locks/<key>.compose``: lock files (flock), never removed.

    Rules:

    1. An entry appears under ``entries`` by a rename of a finished staging directory, and is looked for only
       there. It is not modified after.
    2. Whoever uses an entry holds ``.use`` shared, from before looking for the entry until done. Whoever
       removes one holds ``.use`` exclusively and does not wait for it: an entry in use is never removed.
    3. Composing needs ``.compose`` exclusively; whoever had to wait for it looks again first. So an entry
       that several processes miss at once is composed once. No lock on one key is held for the sake of
       another, and using an entry holds only ``.use`` shared: builds never wait for each other.
    4. Locks belong to open files, so a process that dies, however it dies, gives up its locks. What it left
       in ``staging`` is put into ``trash`` by the next composer of that key, or by ``sweep``.
    5. Composing does not wait for the disk, so a machine that dies may leave an entry whose files are not
       all there. Therefore an entry without a ``synced`` mark is good only in the boot that made it. The
       mark is made when the composer's lease ends and the file system has been flushed.
    6. The time of the last use is the modification time of ``.use``; ``evict`` takes the oldest first.
    7. An entry that is not what its manifest says is found by ``damage``, and of use to nobody: whoever finds
       it removes it, so that it is made again. Manifests are made by ``seal``, when no build waits.
    """

    def __init__(self, directory: Path, trace: Callable[[str], None] = lambda _point: None) -> None:
        """Open the store, and make it if it is not there.

        ``trace`` is called at named points, where a test may stop or kill the process.
        """
        self.directory = directory
        self._trace = trace
        # packages' scripts may leave anything in a root, programs for everybody to run as root included
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("entries", "staging", "trash", "synced", "manifests", "locks"):
            (directory / name).mkdir(parents=True, exist_ok=True, mode=0o755)

    @contextmanager
    def lease(self, key: str, compose: Callable[[Path], None]) -> Iterator[Lease]:
        """Lease the entry ``key``, which ``compose(empty staging directory)`` makes if it is absent.

        It stays while the block runs. What ``compose`` raises is passed on, with nothing left in the store.
        """
        entry = self.directory / "entries" / _checked(key)
        with self._lock(key, "use", fcntl.LOCK_SH) as use:
            os.utime(use)
            flush = None if self._usable(key) else self._compose(key, compose)
            try:
                self._trace("leased")
                yield Lease(entry, composed=flush is not None)
            finally:
                if flush is not None and flush.wait() == 0:
                    (self.directory / "synced" / key).touch()

    def has(self, key: str) -> bool:
        """Return whether ``lease`` would find the entry ready; only a hint, it may be gone a moment later."""
        return self._usable(_checked(key))

    def entry(self, key: str) -> Path:
        """Return where the entry is, or would be."""
        return self.directory / "entries" / _checked(key)

    def in_use(self, key: str) -> bool:
        """Return whether somebody holds a lease on the entry just now."""
        try:
            with self._lock(key, "use", fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    def remove(self, key: str) -> bool:
        """Remove an entry unless it is in use; returns whether it is gone."""
        try:
            with self._lock(key, "use", fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._discard(key)
        except BlockingIOError:
            return False
        return True

    def evict(self, limit: int) -> None:
        """Remove what was used longest ago until the rest takes ``limit`` bytes; what is in use stays."""
        usages = self.usages()
        total = sum(usage.size for usage in usages)
        for usage in usages:
            if total <= limit:
                break
            if self.remove(usage.key):
                total -= usage.size

    def usages(self) -> list[EntryUsage]:
        """Return the usage of every entry, the one that was used longest ago first."""
        entries = (self.directory / "entries").iterdir()
        found = [EntryUsage(entry.name, self._size(entry), self._last_use(entry.name)) for entry in entries]
        return sorted(found, key=lambda usage: usage.last_use)

    def seal(self) -> None:
        """Write the manifests that are missing; slow, so call it when nothing waits."""
        for entry in (self.directory / "entries").iterdir():
            manifest = self.directory / "manifests" / entry.name
            if not manifest.exists():
                with self._lock(entry.name, "use", fcntl.LOCK_SH), suppress(FileNotFoundError):
                    write_manifest(manifest, describe(entry))

    def damage(self, key: str) -> list[str]:
        """Compare an entry with its manifest.

        Returns a line for each file that is not as the manifest says; none where there is no manifest.
        """
        with self._lock(key, "use", fcntl.LOCK_SH):
            try:
                manifest = read_manifest(self.directory / "manifests" / key)
            except FileNotFoundError:
                return []
            return changes(manifest, describe(self.directory / "entries" / key))

    def size(self) -> tuple[int, int]:
        """Return how many entries there are, and their bytes on disk."""
        usages = self.usages()
        return len(usages), sum(usage.size for usage in usages)

    def sweep(self) -> None:
        """Delete what is in the trash and what dead composers and machines left.

        Slow, so call it when nothing waits.
        """
        for entry in (self.directory / "entries").iterdir():
            if not self._usable(entry.name):
                self.remove(entry.name)
        for key in {leftover.name.rpartition(".")[0] for leftover in (self.directory / "staging").iterdir()}:
            with suppress(BlockingIOError), self._lock(key, "compose", fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._discard_staging(key)
        for directory in (self.directory / "trash").iterdir():
            remove_tree(directory)

    def _size(self, entry: Path) -> int:
        try:
            return int((entry / ".size").read_text())
        except (FileNotFoundError, ValueError):
            return 0  # somebody else removed it just now, or the machine died before it was on disk

    def _last_use(self, key: str) -> float:
        return (self.directory / "locks" / f"{key}.use").stat().st_mtime

    def _usable(self, key: str) -> bool:
        try:
            boot_id = (self.directory / "entries" / key / ".boot-id").read_text()
        except FileNotFoundError:
            return False
        return boot_id == BOOT_ID.read_text() or (self.directory / "synced" / key).exists()

    def _compose(self, key: str, compose: Callable[[Path], None]) -> subprocess.Popen[bytes] | None:
        """Make the entry, unless somebody else just did.

        Returns the process that flushes it to disk, None if there was nothing to make.
        """
        self._trace("missing")
        with self._lock(key, "compose", fcntl.LOCK_EX):
            self._trace("composing")
            if self._usable(key):
                return None
            self._discard(key)
            self._discard_staging(key)
            staging = self.directory / "staging" / f"{key}.{uuid.uuid4().hex}"
            staging.mkdir(mode=0o755)
            try:
                compose(staging)
            except BaseException:
                self._to_trash(staging)
                raise
            self._trace("composed")
            (staging / ".size").write_text(str(_disk_usage(staging)))
            (staging / ".boot-id").write_text(BOOT_ID.read_text())
            staging.rename(self.directory / "entries" / key)
            self._trace("committed")
        return subprocess.Popen(["sync", "--file-system", str(self.directory)], stdin=subprocess.DEVNULL)

    def _discard(self, key: str) -> None:
        for mark in ("synced", "manifests"):
            (self.directory / mark / key).unlink(missing_ok=True)
        entry = self.directory / "entries" / key
        if entry.exists():
            self._to_trash(entry)

    def _discard_staging(self, key: str) -> None:
        for leftover in (self.directory / "staging").glob(f"{key}.*"):
            self._to_trash(leftover)

    def _to_trash(self, directory: Path) -> None:
        directory.rename(self.directory / "trash" / uuid.uuid4().hex)

    @contextmanager
    def _lock(self, key: str, kind: Literal["use", "compose"], operation: int) -> Iterator[Path]:
        path = self.directory / "locks" / f"{_checked(key)}.{kind}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, operation)
            yield path
        finally:
            os.close(descriptor)


def _disk_usage(directory: Path) -> int:
    """Count a directory's bytes on disk, as ``du`` does: files with several links once."""
    statuses = [directory.lstat(), *(entry.status for entry in walk(directory))]
    blocks = {(status.st_dev, status.st_ino): status.st_blocks for status in statuses}
    return sum(blocks.values()) * 512


def _checked(key: str) -> str:
    """Return the key, which has to be a name and not a path: a checksum, usually.

    Raises BuildrootError for anything else.
    """
    if not key or not all(character.isalnum() or character in "-_" for character in key):
        raise BuildrootError(f"{json.dumps(key)} cannot be a key of the root store; use letters and digits")
    return key
