"""The use of an entry of the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lease:
    """An entry that stays while it is leased: its directory, and whether it was made for this lease.

    ``damage`` is what was wrong with the one that it was made in place of, if that was damaged.
    """

    path: Path
    composed: bool
    damage: Sequence[str]
    directory: int
    """A descriptor of the directory, which is the same one whatever has its name."""

    @property
    def key(self) -> str:
        return self.path.name

    def is_current(self) -> bool:
        """Return whether the entry is still in its place: it is not if it was found damaged meanwhile."""
        try:
            return self.is_at(self.path)
        except FileNotFoundError:
            return False

    def is_at(self, path: Path) -> bool:
        """Return whether it is the entry that has this path. Raises FileNotFoundError if there is none."""
        return os.path.samestat(os.fstat(self.directory), path.lstat())
