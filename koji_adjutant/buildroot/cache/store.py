"""The store of what buildroots are made of."""

from __future__ import annotations

import logging
import os
import subprocess
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from koji_adjutant.buildroot.cache.lease import Lease
from koji_adjutant.buildroot.cache.locks import Locks, checked, is_key
from koji_adjutant.buildroot.cache.quarantine import DamagedEntry, Quarantine
from koji_adjutant.buildroot.cache.record import (
    SIZE,
    Vital,
    read_size,
    seen_at_a_glance,
    seen_in_full,
    unreadable,
    write_record,
)
from koji_adjutant.buildroot.files.removal import remove_file, remove_tree
from koji_adjutant.buildroot.files.tree import changes, describe, read_manifest, write_manifest
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT = ".boot-id"
QUARANTINE = "quarantine"
PLACES = ("entries", "staging", "trash", "manifests", QUARANTINE)
"""Directories that show by their times that something has come or gone."""
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

Compose = Callable[[Path], Vital | None]
"""Fills an empty directory, and returns what says which files are vital; None: all of them."""


@dataclass(frozen=True)
class EntryUsage:
    """An entry's key, its bytes on disk, and when it was used last, in seconds since the epoch."""

    key: str
    size: int
    last_use: float


@dataclass(frozen=True)
class _Made:
    """What ``_compose`` has done: the process that flushes it to disk, and what it replaces."""

    flush: subprocess.Popen[bytes]
    damage: Sequence[str]


class RootStore:
    """Entries that take a while to make, and then never change: layers of roots, metadata of repositories.

    Layout of the directory; everything is on one file system, so that renames are atomic:

    - ``entries/<key>/`` a finished entry. What is in it is the composer's business; ``.boot-id``, ``.size``
      (bytes on disk), ``.files`` and ``.vital`` (see ``record``) are ours.
    - ``staging/<key>.<random>/`` an entry being composed, or left over by a composer that died.
    - ``trash/<random>/`` what is no longer wanted; removed by ``sweep``, never in the path of a build. In
      ``trash/<key>.<random>/`` is what somebody may still have mounted who holds that key's lock.
    - ``quarantine/<key>.<random>/`` what was an entry until it was found damaged.
    - ``synced/<key>`` exists if the entry's files are known to be on disk.
    - ``manifests/<key>`` lists the entry's files, with their checksums, once it is ``seal``ed.
    - ``locks/<key>.use``, ``.compose``, ``.seal``: lock files (flock), never removed.

    Rules:

    1. An entry appears under ``entries`` by a rename of a finished staging directory, and is looked for only
       there. It is not modified after.
    2. Whoever uses an entry holds ``.use`` shared, from before looking for the entry until done. Whoever
       removes one holds ``.use`` exclusively and does not wait for it: an entry in use is never removed.
       A damaged one, or one that was made on a damaged one, is taken from its place whoever uses it, under
       ``.compose``; what is mounted stays mounted, and its files are deleted when nobody uses that key.
    3. Composing needs ``.compose`` exclusively; whoever had to wait for it looks again first. So an entry
       that several processes miss at once is composed once. No lock on one key is held for the sake of
       another, and using an entry holds only ``.use`` shared: builds never wait for each other.
    4. Locks belong to open files, so a process that dies, however it dies, gives up its locks. What it left
       in ``staging`` is put into ``trash`` by the next composer of that key, or by ``sweep``.
    5. Composing does not wait for the disk, so a machine that dies may leave an entry whose files are not
       all there. Therefore an entry without a ``synced`` mark is good only in the boot that made it. The
       mark is made when the composer's lease ends and the file system has been flushed.
    6. The time of the last use is the modification time of ``.use``; ``evict`` takes the oldest first.
    7. An entry is of use to nobody if its vital files are not what its record says, which is looked at each
       time that it is leased. ``look_through`` looks at all of them, ``damage`` at their contents, for which
       it takes a manifest; these are made by ``seal``, when no build waits, each by one process, which holds
       ``.seal`` exclusively. A task that finds an entry damaged puts it into quarantine, so that it is made
       again.
    """

    def __init__(self, directory: Path, trace: Callable[[str], None] = lambda _point: None) -> None:
        """Open the store, and make it if it is not there.

        ``trace`` is called at named points, where a test may stop or kill the process.
        """
        self.directory = directory
        self._trace = trace
        # packages' scripts may leave anything in a root, programs for everybody to run as root included
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("entries", "staging", "trash", "synced", "manifests"):
            (directory / name).mkdir(parents=True, exist_ok=True, mode=0o755)
        self._locks = Locks(directory / "locks")
        self._quarantine = Quarantine(directory / QUARANTINE)

    @contextmanager
    def lease(self, key: str, compose: Compose) -> Iterator[Lease]:
        """Lease the entry ``key``, which ``compose(empty staging directory)`` makes if it is absent.

        It stays while the block runs. What ``compose`` raises is passed on, with nothing left in the store.
        """
        entry = self.directory / "entries" / checked(key)
        with self._locks.shared(key, "use") as use:
            os.utime(use)
            made, directory = self._find(key, compose)
            lease = Lease(entry, made is not None, made.damage if made else (), directory)
            try:
                self._trace("leased")
                yield lease
            finally:
                if made is not None and made.flush.wait() == 0:
                    self._mark_synced(lease)
                os.close(directory)

    @contextmanager
    def held(self, key: str) -> Iterator[Lease]:
        """Lease an entry as it is, damaged or not. Raises BuildrootError if there is none."""
        with self._locks.shared(key, "use"):
            if not self._is_finished(key):
                raise BuildrootError(f"the cache has no layer {key}")
            directory = os.open(self.entry(key), _DIRECTORY)
            try:
                yield Lease(self.entry(key), composed=False, damage=(), directory=directory)
            finally:
                os.close(directory)

    def has(self, key: str) -> bool:
        """Return whether ``lease`` would find the entry ready; only a hint, it may be gone a moment later."""
        return self._usable(checked(key))

    def entry(self, key: str) -> Path:
        """Return where the entry is, or would be."""
        return self.directory / "entries" / checked(key)

    def in_use(self, key: str) -> bool:
        """Return whether somebody holds a lease on the entry just now."""
        return self._locks.held(key, "use")

    def remove(self, key: str) -> bool:
        """Remove an entry unless it is in use; returns whether it is gone."""
        try:
            with self._locks.alone(key, "use", wait=False):
                self._discard(key, in_use=False)
        except BlockingIOError:
            return False
        return True

    def look_through(self, lease: Lease, *, contents: bool = False) -> list[str]:
        """Return what is wrong with a leased entry, a line for each file.

        ``contents`` are looked at as well only where there is a manifest; that reads all of it.
        """
        if not lease.is_current():
            return self._found_meanwhile(lease)
        found = seen_in_full(lease.path, (BOOT, SIZE))
        return found or (self.damage(lease.key) if contents else [])

    def _found_meanwhile(self, lease: Lease) -> list[str]:
        """Return what another task has found wrong with an entry that is not in its place any more."""
        for aside in self.quarantined():
            with suppress(FileNotFoundError):
                if lease.is_at(aside.path):
                    return [*aside.damage]
        return ["made on a damaged one, which another task has found"]

    def put_aside(self, lease: Lease, damage: Iterable[str]) -> bool:
        """Put a leased entry that is damaged into quarantine.

        Returns whether it was still in its place, and not another one by now.
        """
        with self._locks.alone(lease.key, "compose"):
            self._trace("putting aside")
            if not lease.is_current():
                return False
            self._to_quarantine(lease.key, damage)
            self._trace("put aside")
        return True

    def discard(self, key: str) -> None:
        """Take an entry away that was made on a damaged one; whoever uses it has it to the end.

        One that is being made is not waited for: whoever makes it looks what it was made on.
        """
        with suppress(BlockingIOError), self._locks.alone(key, "compose", wait=False):
            self._discard(key)

    def quarantined(self) -> list[DamagedEntry]:
        """Return what is in quarantine, the latest first."""
        return self._quarantine.entries()

    def evict(self, limit: int) -> bool:
        """Remove what was used longest ago until the rest takes ``limit`` bytes; what is in use stays.

        What is in quarantine counts, as used when it was put there. Returns whether that was done.
        """
        kept = [(usage.last_use, usage.size, partial(self.remove, usage.key)) for usage in self.usages()]
        aside = [(one.since, read_size(one.path), partial(self._forget, one)) for one in self.quarantined()]
        total = sum(size for _since, size, _remove in (*kept, *aside))
        for _since, size, remove in sorted((*kept, *aside), key=lambda one: one[0]):
            if total <= limit:
                break
            if remove():
                total -= size
        return total <= limit

    def usages(self) -> list[EntryUsage]:
        """Return the usage of every entry, the one that was used longest ago first."""
        found = [EntryUsage(key, self.size_of(key), self._locks.last_use(key)) for key in self._keys()]
        return sorted(found, key=lambda usage: usage.last_use)

    def seal(self) -> bool:
        """Write the manifests that are missing; slow, so call it when nothing waits.

        Returns whether every entry has one now.

        An entry that another process reads is left to it: else every task that ends meanwhile would read it
        too, and on a busy machine all of them together keep each other from ever being done.
        """
        for key in self._keys():
            if not self._manifest(key).exists():
                with (
                    suppress(BlockingIOError, BuildrootError),
                    self._locks.alone(key, "seal", wait=False),
                    self.held(key) as lease,
                ):
                    self._seal(lease)
        return all(self._manifest(key).exists() for key in self._keys())

    def _seal(self, lease: Lease) -> None:
        """Write the manifest of an entry, unless it is not any more what it was when it was made."""
        try:
            if not self._manifest(lease.key).exists() and not self.look_through(lease):
                write_manifest(self._manifest(lease.key), describe(lease.path))
                if not lease.is_current():  # put aside meanwhile: it is not to be that of the next one
                    remove_file(self._manifest(lease.key))
        except OSError as problem:
            logger.warning("The entry %s of the store cannot be read: %s", lease.key, problem)

    def damage(self, key: str) -> list[str]:
        """Compare an entry with its manifest.

        Returns a line for each file that is not as the manifest says; none where there is no manifest.
        """
        with self._locks.shared(key, "use"):
            try:
                manifest = read_manifest(self._manifest(key))
            except FileNotFoundError:
                return []
            except (OSError, ValueError, TypeError):  # damaged itself; the next seal makes it anew
                remove_file(self._manifest(key))
                return []
            try:
                return changes(manifest, describe(self.entry(key)))
            except OSError as problem:
                return [unreadable(str(problem.filename), problem)]

    def size(self) -> tuple[int, int]:
        """Return how many entries there are, and the store's bytes on disk."""
        usages = self.usages()
        aside = sum(read_size(one.path) for one in self.quarantined())
        return len(usages), sum(usage.size for usage in usages) + aside

    def sweep(self) -> bool:
        """Delete what is in the trash and what dead composers and machines left.

        Slow, so call it when nothing waits. Returns whether all is gone: what is in use stays.
        """
        for key in self._keys():
            if not self._is_finished(key):
                self.remove(key)
        for key in {leftover.name.rpartition(".")[0] for leftover in (self.directory / "staging").iterdir()}:
            with suppress(BlockingIOError), self._locks.alone(key, "compose", wait=False):
                self._discard_staging(key)
        for entry in self._quarantine.superfluous():
            self._forget(entry)
        for directory in (self.directory / "trash").iterdir():
            if not self._may_be_in_use(directory.name):
                remove_tree(directory)
        return not any(any((self.directory / place).iterdir()) for place in ("staging", "trash"))

    def _keys(self) -> list[str]:
        return [entry.name for entry in (self.directory / "entries").iterdir() if is_key(entry.name)]

    def _manifest(self, key: str) -> Path:
        return self.directory / "manifests" / key

    def size_of(self, key: str) -> int:
        """Return an entry's bytes on disk, 0 where nobody knows."""
        return read_size(self.entry(key))

    def _may_be_in_use(self, name: str) -> bool:
        """Return whether somebody may still have what is in the trash by this name."""
        key = name.partition(".")[0]
        return key != name and is_key(key) and self.in_use(key)

    def _usable(self, key: str) -> bool:
        return self._is_finished(key) and not seen_at_a_glance(self.entry(key))

    def _is_finished(self, key: str) -> bool:
        try:
            boot_id = (self.entry(key) / BOOT).read_text()
        except (OSError, ValueError):
            return False
        return boot_id == BOOT_ID.read_text() or (self.directory / "synced" / key).exists()

    def _find(self, key: str, compose: Compose) -> tuple[_Made | None, int]:
        """Find or make the entry; return what was made, and the descriptor of its directory."""
        while True:
            made = None if self._usable(key) else self._compose(key, compose)
            try:
                return made, os.open(self.entry(key), _DIRECTORY)
            except FileNotFoundError:  # another task has found it damaged between the two
                continue

    def _compose(self, key: str, compose: Compose) -> _Made | None:
        """Make the entry, unless somebody else just did, which is None."""
        self._trace("missing")
        with self._locks.alone(key, "compose"):
            self._trace("composing")
            if self._usable(key):
                return None
            damage = self._clear(key)
            self._discard_staging(key)
            staging = self.directory / "staging" / f"{key}.{uuid.uuid4().hex}"
            staging.mkdir(mode=0o755)
            try:
                is_vital = compose(staging) or (lambda _file: True)
                self._trace("composed")
                (staging / SIZE).write_text(str(write_record(staging, is_vital)))
                (staging / BOOT).write_text(BOOT_ID.read_text())
            except BaseException:
                self._to_trash(staging)
                raise
            staging.rename(self.entry(key))
            self._trace("committed")
        command = ["sync", "--file-system", str(self.directory)]
        return _Made(subprocess.Popen(command, stdin=subprocess.DEVNULL), damage)

    def _clear(self, key: str) -> list[str]:
        """Make way for a new entry; return what is wrong with the one in its place, if it is damaged."""
        damage = seen_at_a_glance(self.entry(key)) if self._is_finished(key) else []
        if damage:
            self._to_quarantine(key, damage)
        else:
            self._discard(key)
        return damage

    def _to_quarantine(self, key: str, damage: Iterable[str]) -> None:
        damage = [*damage]
        logger.warning("The entry %s of the store is damaged, and is put into quarantine: %s", key, damage[0])
        self._remove_marks(key)
        self._quarantine.take(key, self.entry(key), damage)

    def _forget(self, aside: DamagedEntry) -> bool:
        """Have what is in quarantine deleted; returns that it is gone."""
        with suppress(FileNotFoundError):
            self._to_trash(aside.path, aside.key)
        return True

    def _discard(self, key: str, *, in_use: bool = True) -> None:
        self._remove_marks(key)
        with suppress(FileNotFoundError):
            self._to_trash(self.entry(key), key if in_use else None)

    def _remove_marks(self, key: str) -> None:
        for mark in ("synced", "manifests"):
            remove_file(self.directory / mark / key)

    def _mark_synced(self, lease: Lease) -> None:
        """Note that an entry is on disk; not of one in its place, which somebody may be making now."""
        with suppress(BlockingIOError), self._locks.alone(lease.key, "compose", wait=False):
            if lease.is_current():
                (self.directory / "synced" / lease.key).touch()

    def _discard_staging(self, key: str) -> None:
        for leftover in (self.directory / "staging").glob(f"{key}.*"):
            self._to_trash(leftover)

    def _to_trash(self, directory: Path, used_as: str | None = None) -> None:
        """Have something deleted later; if it may be ``used_as`` a key, when nobody uses that any more."""
        name = uuid.uuid4().hex
        directory.rename(self.directory / "trash" / (f"{used_as}.{name}" if used_as else name))
