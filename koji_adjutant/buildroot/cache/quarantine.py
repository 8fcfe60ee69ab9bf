"""Where the store puts entries that were found damaged, for somebody to look at."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KEPT = 3
"""So many are kept, the latest: each may be as large as a root."""
LIFETIME = 14 * 86400
"""Seconds for which one is kept."""
REPORT = ".damage"
"""What was found, a line each; not there if the process was killed that found it."""


@dataclass(frozen=True)
class DamagedEntry:
    """What was the entry ``key``, in ``path`` ``since`` then (seconds since the epoch), and what is wrong."""

    key: str
    path: Path
    since: float
    damage: Sequence[str]


class Quarantine:
    """A directory with damaged entries as ``<key>.<random>``, each put there by a rename."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def take(self, key: str, entry: Path, damage: Iterable[str]) -> None:
        """Move an entry here, and write down what is wrong with it."""
        self._directory.mkdir(exist_ok=True, mode=0o755)
        place = self._directory / f"{key}.{uuid.uuid4().hex}"
        entry.rename(place)
        # the damage may be that it is no directory, or there is no room
        with suppress(OSError):
            (place / REPORT).write_text("".join(f"{line}\n" for line in damage))

    def entries(self) -> list[DamagedEntry]:
        """Return what is here, the latest first."""
        found = []
        for place in self._directory.iterdir() if self._directory.is_dir() else ():
            with suppress(FileNotFoundError):  # taken away just now
                key, since = place.name.partition(".")[0], place.lstat().st_mtime
                found.append(DamagedEntry(key, place, since, _report(place)))
        return sorted(found, key=lambda entry: entry.since, reverse=True)

    def superfluous(self) -> list[DamagedEntry]:
        """Return what nobody is expected to look at any more."""
        before = time.time() - LIFETIME
        return [
            entry for number, entry in enumerate(self.entries()) if number >= KEPT or entry.since < before
        ]


def _report(place: Path) -> list[str]:
    try:
        return (place / REPORT).read_text(errors="replace").splitlines()
    except OSError:
        return []
