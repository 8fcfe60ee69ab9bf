"""What the kernel says of processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def naming(text: str) -> set[int]:
    """Return the processes, this one apart, whose command line has ``text`` in it."""
    return {pid for pid, line in _command_lines() if os.fsencode(text) in line} - {os.getpid()}


def with_argument(argument: str) -> set[int]:
    """Return the processes that have been started with this argument, whole."""
    return {pid for pid, line in _command_lines() if os.fsencode(argument) in line.split(b"\0")}


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


def oldest(pids: Iterable[int]) -> int:
    """Return the process that was there first: what it has just forked has its command line for a moment."""
    return min(pids, key=lambda pid: (_started(pid), pid))


def is_alive(pid: int) -> bool:
    """Return whether there is such a process, and not only its exit status.

    Its files are open, and answer nothing, as long as one of its threads has not ended yet.
    """
    try:
        return _status(pid)[0] != "Z" or len([*(PROC / str(pid) / "task").iterdir()]) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def defunct_children(pid: int) -> set[int]:
    """Return the children that have ended, and that their parent has not asked for."""
    found = set()
    for child in _all():
        with suppress(OSError):
            state, parent = _status(child)[:2]
            if (state, int(parent)) == ("Z", pid):
                found.add(child)
    return found


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


def _command_lines() -> Iterator[tuple[int, bytes]]:
    for pid in _all():
        with suppress(OSError):
            yield pid, (PROC / str(pid) / "cmdline").read_bytes()


def _all() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
