"""Whether the cache is as it was when there was last nothing to tidy: known without a look at its entries."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.cache.store import BOOT_ID
from koji_adjutant.buildroot.files.removal import remove_file

logger = logging.getLogger("koji_adjutant.buildroot")

GRANULARITY = 1.0
"""Seconds within which two changes of a directory may leave it with the same time."""


class Tidiness:
    """One look at the directories in which everything comes and goes, taken before tidying.

    Times of directories change with every rename into and out of them, and what is in them never changes. A
    day counts as a change, since some things are forgotten after a time, and so does a boot, after which what
    had not reached the disk is of no use.
    """

    def __init__(self, note: Path, places: Sequence[Path], limit: int, *, sealed: bool) -> None:
        self._note = note
        self._places = places
        self._limit = limit
        self._sealed = sealed
        self._begun = time.time()
        self._before = self._look()

    def is_known(self) -> bool:
        """Return whether tidying found nothing to do when all looked as now."""
        try:
            noted = json.loads(self._note.read_text())
            return bool(noted["state"] == self._before and noted["sealed"] >= self._sealed)
        except (OSError, ValueError, TypeError, LookupError):
            return False

    def remember(self) -> None:
        """Note that there is nothing to do, unless something was done, or came meanwhile."""
        if self._look() != self._before or self._is_fresh():
            return
        staging = self._note.with_name(f"{self._note.name}.{os.getpid()}")
        try:
            staging.write_text(json.dumps({"state": self._before, "sealed": self._sealed}))
            staging.rename(self._note)
        except OSError as problem:  # a full disk: then it is looked at once more next time
            logger.warning("%s cannot be written: %s", self._note, problem)
            remove_file(staging)

    def _look(self) -> list[Any]:
        boot = BOOT_ID.read_text().strip()
        day = time.strftime("%Y-%m-%d", time.localtime(self._begun))
        return [self._limit, boot, day, [_changed(place) for place in self._places]]

    def _is_fresh(self) -> bool:
        return any(_changed(place) / 1e9 > self._begun - GRANULARITY for place in self._places)


def _changed(place: Path) -> int:
    """Return when something came or went, in nanoseconds; 0 where there is no such directory yet."""
    try:
        return place.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
