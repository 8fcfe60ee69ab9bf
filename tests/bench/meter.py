"""What a run costs the machine: bytes written, peak memory, processors' idle share. Linux only."""

from __future__ import annotations

import mmap
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512
"""Bytes; what /sys/dev/block counts in, whatever the disk's own sectors are."""

_TOUCHED = 1 << 30
_INTERVAL = 0.05


@dataclass
class Costs:
    """Of the whole machine while something ran, so that contenders of every kind are measured alike.

    ``written`` is what reached the disk until a sync right after the end, ``memory`` by how much the
    available memory went down at worst, ``idle`` the share of processor time that nobody wanted.
    """

    written: int = 0
    memory: int = 0
    idle: float = 0.0


@contextmanager
def metered(directory: Path) -> Iterator[Costs]:
    """Costs of what happens in the block, filled in at its end; ``directory`` is on the disk that counts.

    Before it the disk is brought to rest and memory is touched: a virtual machine gives free memory back to
    its host, and the first to ask for it again would pay.
    """
    flush(directory)
    touch_memory()
    costs = Costs()
    written, busy = _sectors_written(directory), _processor_times()
    with _lowest_memory() as lowest:
        before = _available_memory()
        yield costs
        after = _processor_times()
    flush(directory)
    costs.written = (_sectors_written(directory) - written) * _SECTOR
    costs.memory = max(0, before - min(lowest))
    costs.idle = idle_share(busy, after)


def flush(directory: Path) -> None:
    """Write everything of the file system to disk."""
    subprocess.run(["sync", "--file-system", str(directory)], check=True)


def touch_memory() -> None:
    """Have the host give us its memory now, a gigabyte or half of what is free."""
    size = min(_TOUCHED, _available_memory() // 2)
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE):
        pass


def idle_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """From two looks at the processors: (ticks idle, ticks altogether)."""
    total = after[1] - before[1]
    return (after[0] - before[0]) / total if total else 1.0


def processor_times(stat: str) -> tuple[int, int]:
    """Ticks idle, and ticks altogether, of all processors, from the text of /proc/stat."""
    ticks = [int(field) for field in stat.split("\n", 1)[0].split()[1:]]
    # guest time is part of user time already; waiting for the disk is idle
    return ticks[3] + ticks[4], sum(ticks[:8])


def _processor_times() -> tuple[int, int]:
    return processor_times(Path("/proc/stat").read_text())


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/meminfo says nothing of MemAvailable: Linux 3.14 or newer is needed")


def _sectors_written(directory: Path) -> int:
    device = directory.stat().st_dev
    path = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    return int(path.read_text().split()[6])


@contextmanager
def _lowest_memory() -> Iterator[list[int]]:
    """A list whose minimum is the least memory that was available."""
    seen = [_available_memory()]
    over = threading.Event()

    def look() -> None:
        while not over.wait(_INTERVAL):
            seen.append(_available_memory())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
