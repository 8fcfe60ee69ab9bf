"""What the kernel says of a worker's processes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def naming(text: str) -> set[int]:
    """Return the processes, this one apart, whose command line has ``text`` in it."""
    found = set()
    for pid in _all():
        with suppress(OSError):
            if pid != os.getpid() and os.fsencode(text) in (PROC / str(pid) / "cmdline").read_bytes():
                found.add(pid)
    return found


def with_descendants(pids: Iterable[int]) -> set[int]:
    """Return these processes, and all that they have started and that are still theirs."""
    children: dict[int, set[int]] = {}
    for pid in _all():
        with suppress(OSError):
            children.setdefault(int(_status(pid)[1]), set()).add(pid)
    found: set[int] = set()
    coming = set(pids)
    while coming:
        found |= coming
        coming = {child for pid in coming for child in children.get(pid, ())} - found
    return found


def of_worker(pid: int, state_dir: Path) -> set[int]:
    """Return a worker's processes: its own, its engine's, and all that they have started."""
    return with_descendants({pid, *naming(f"{state_dir}/containers/storage")})


def oldest(pids: Iterable[int]) -> int:
    """Return the process that was there first: what it has just forked has its command line for a moment."""
    return min(pids, key=lambda pid: (_started(pid), pid))


def is_alive(pid: int) -> bool:
    try:
        return _status(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def open_files(pid: int) -> int:
    return sum(1 for _ in (PROC / str(pid) / "fd").iterdir())


def memory(pid: int) -> int:
    """Return the bytes that it has written to and that are in memory, be they shared with its children."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"the kernel says nothing of the memory of process {pid}")


def processor_seconds(pid: int) -> float:
    """Return what the process has used, and those of its children that have ended."""
    return sum(int(field) for field in _status(pid)[11:15]) / TICKS


def _started(pid: int) -> float:
    try:
        return int(_status(pid)[19])
    except OSError:
        return float("inf")


def _status(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the process's name: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _all() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
