"""Which buildroots this worker made lately, and so will make again."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from koji_adjutant.buildroot.files.removal import remove_file

logger = logging.getLogger(__name__)

LIFETIME = 14 * 86400
"""Seconds since its last use after which a buildroot is no recent one."""
RETRY_AFTER = 600.0
"""Seconds after a first failure; twice as long after each further one."""


@dataclass(frozen=True)
class RecentRoot:
    """A buildroot of ``tag`` (its name), for whatever repo the tag has."""

    tag: str
    arch: str
    group: str

    def __str__(self) -> str:
        return f"{self.group} of {self.tag}, {self.arch}"


@dataclass(frozen=True)
class Tries:
    """What became of a root of one repo: how often it has failed, last at ``failed_at``; 0: it is ready."""

    repo_id: int | None = None
    failures: int = 0
    failed_at: float = 0.0

    def are_over(self, repo_id: int) -> bool:
        """Return whether the root is ready for this repo, or failed a short while ago."""
        waited = time.time() - self.failed_at
        wait = RETRY_AFTER * 2 ** (self.failures - 1)
        return repo_id == self.repo_id and (self.failures == 0 or 0 <= waited < wait)

    def failed(self, repo_id: int) -> Tries:
        """Return the tries after one more failure, just now, with this repo."""
        earlier = self.failures if repo_id == self.repo_id else 0
        return Tries(repo_id, earlier + 1, time.time())


class RecentRoots:
    """A directory with a file for each, whose time of modification is that of its last use.

    A file is written aside and renamed. What cannot be read or written is only logged: no build fails for
    that. ``hub`` keeps apart what workers of different hubs leave in one state
    directory.
    """

    def __init__(self, directory: Path, hub: str) -> None:
        self._directory = directory
        self._hub = hub

    def note(self, root: RecentRoot) -> None:
        """Mark a buildroot as used now."""
        try:
            os.utime(self._path(root))
        except FileNotFoundError:
            self.keep(root, Tries())
        except OSError as problem:
            logger.warning("The use of a buildroot cannot be noted: %s", problem)

    def latest(self) -> list[tuple[RecentRoot, Tries]]:
        """Return the recent buildroots, the latest first, with what became of them.

        Removes the files of those that are no longer recent, or cannot be understood.
        """
        found = []
        for path in self._directory.glob("*"):
            try:
                used = path.stat().st_mtime
                if time.time() - used > LIFETIME:
                    remove_file(path)
                    continue
                if path.suffix != ".json":
                    continue  # being written, or left by a process that was killed
                document = json.loads(path.read_text())
                if document["hub"] == self._hub:
                    found.append((used, RecentRoot(**document["root"]), Tries(**document["tries"])))
            except FileNotFoundError:
                continue  # another process forgot it just now
            except IsADirectoryError:
                remove_file(path)
            except OSError as problem:
                logger.warning("The use of a buildroot cannot be read: %s", problem)
            except (ValueError, KeyError, TypeError):  # the machine died while it was written, or it is alien
                logger.warning("%s is no record of a buildroot's use, and is removed", path)
                path.unlink(missing_ok=True)
        found.sort(key=lambda one: one[0], reverse=True)
        return [(root, tries) for _used, root, tries in found]

    def keep(self, root: RecentRoot, tries: Tries) -> None:
        """Write down what became of a buildroot; that does not count as a use of it."""
        path = self._path(root)
        staging = path.with_name(f"{path.stem}.{uuid.uuid4().hex}")
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            used = path.stat().st_mtime if path.exists() else time.time()
            staging.write_text(json.dumps({"hub": self._hub, "root": asdict(root), "tries": asdict(tries)}))
            os.utime(staging, (used, used))
            staging.rename(path)
        except OSError as problem:
            logger.warning("The use of a buildroot cannot be noted: %s", problem)

    def forget(self, root: RecentRoot) -> None:
        """Remove a buildroot from the recent ones, whether or not it is one."""
        remove_file(self._path(root))

    def _path(self, root: RecentRoot) -> Path:
        name = hashlib.sha256(json.dumps([self._hub, asdict(root)], sort_keys=True).encode()).hexdigest()
        return self._directory / f"{name}.json"
