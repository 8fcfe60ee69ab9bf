"""Policies that were asked for not long ago, shared by the processes of one worker."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path

from koji_adjutant.policy.lookup import Published

logger = logging.getLogger(__name__)


class PolicyCache:
    """One file for each tag, in ``directory``, good for ``ttl`` seconds from when it was written.

    Every task is a process of its own, so memory would be of no use. A file is written aside and renamed: a
    reader finds a whole one or none, and two writers write the same. What cannot be read counts as absent,
    what cannot be written is a warning in the log: a full disk is no reason for another image.
    ``hub`` keeps apart what workers of different hubs leave in one state directory.
    """

    def __init__(self, directory: Path, ttl: float, hub: str) -> None:
        self._directory = directory
        self._ttl = ttl
        self._hub = hub

    def find(self, tag: str) -> tuple[Published | None] | None:
        """Return what was kept for the tag, which may be that it has no policy; None if nothing was."""
        try:
            with self._path(tag).open() as file:
                if not self._is_fresh(os.fstat(file.fileno()).st_mtime):
                    return None
                kept = json.load(file)
            return (None if kept is None else Published(**kept),)
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, tag: str, published: Published | None) -> None:
        if self._ttl <= 0:
            return
        path = self._path(tag)
        aside = path.with_suffix(f".{os.getpid()}")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._forget_the_old()
            aside.write_text(json.dumps(asdict(published) if published else None))
            aside.replace(path)
        except OSError as problem:
            logger.warning("The image policy of tag %s cannot be kept for other tasks: %s", tag, problem)

    def _forget_the_old(self) -> None:
        """Remove what is too old, of tags that are gone, too, and what is left of a write that was killed."""
        for file in self._directory.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another task is at it as well
                if not self._is_fresh(file.stat().st_mtime):
                    file.unlink()

    def _is_fresh(self, written: float) -> bool:
        """Return whether it is young enough; one from the future is not: the clock was set back since."""
        return 0 <= time.time() - written < self._ttl

    def _path(self, tag: str) -> Path:
        name = hashlib.sha256(f"{self._hub}\n{tag}".encode()).hexdigest()
        return self._directory / f"{name}.json"
