"""Which buildroots this worker made lately, and so will make again."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

LIFETIME = 14 * 86400
"""Seconds since its last use after which a buildroot is no recent one."""


@dataclass(frozen=True)
class RecentRoot:
    """A buildroot of ``tag`` (its name), for whatever repo the tag has."""

    tag: str
    arch: str
    group: str


class RecentRoots:
    """A directory with a file for each, whose time of modification is that of its last use.

    ``ready`` keeps the last repo for which a root was made ready.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self, root: RecentRoot) -> None:
        """It is used now."""
        path = self._path(root)
        if path.exists():
            os.utime(path)
        else:
            self._write(path, {**asdict(root), "repo_id": None})

    def latest(self) -> list[tuple[RecentRoot, int | None]]:
        """Those of late, the latest first, with the repo that they are ready for."""
        found = []
        for path in self._directory.glob("*.json"):
            with suppress(FileNotFoundError, ValueError):
                used = path.stat().st_mtime
                document = json.loads(path.read_text())
                if time.time() - used > LIFETIME:
                    path.unlink()
                    continue
                repo_id = document.pop("repo_id")
                found.append((used, RecentRoot(**document), repo_id))
        found.sort(key=lambda one: one[0], reverse=True)
        return [(root, repo_id) for _used, root, repo_id in found]

    def ready(self, root: RecentRoot, repo_id: int) -> None:
        """A root was made for this repo; that is no use of it."""
        path = self._path(root)
        used = path.stat()
        self._write(path, {**asdict(root), "repo_id": repo_id})
        os.utime(path, ns=(used.st_atime_ns, used.st_mtime_ns))

    def _write(self, path: Path, document: dict[str, object]) -> None:
        staging = path.with_name(f"{path.stem}.{uuid.uuid4().hex}")
        staging.write_text(json.dumps(document))
        staging.rename(path)

    def _path(self, root: RecentRoot) -> Path:
        name = hashlib.sha256(json.dumps(asdict(root), sort_keys=True).encode()).hexdigest()
        return self._directory / f"{name}.json"
