"""The file systems that a worker writes to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Disk:
    """``path``: the first of the worker's directories that is on it."""

    path: str
    total_bytes: int
    free_bytes: int

    @property
    def used_percent(self) -> float:
        return round(100 * (1 - self.free_bytes / self.total_bytes), 1) if self.total_bytes else 0.0


def disk_usage(directories: Iterable[Path]) -> list[Disk]:
    """Measure each file system once; directories that do not exist are passed over."""
    found: dict[int, Disk] = {}
    for path in directories:
        if path.is_dir() and path.stat().st_dev not in found:
            usage = shutil.disk_usage(path)
            found[path.stat().st_dev] = Disk(str(path), usage.total, usage.free)
    return list(found.values())
