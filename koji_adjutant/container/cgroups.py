"""What a container uses, read from its control groups: version 2's files or version 1's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Usage:
    """What a container has used so far; None where this host's control groups do not say.

    ``oom_kills``: how many of its processes the kernel killed for want of memory.
    """

    cpu_seconds: float | None = None
    memory_peak: int | None = None
    bytes_read: int | None = None
    bytes_written: int | None = None
    pids_peak: int | None = None
    oom_kills: int | None = None


class Meter:
    """Reads one container's usage; when its groups are gone, what was read last stays.

    ``groups`` are directories by version 1's controller; all are the same one with version 2.
    """

    def __init__(self, groups: Mapping[str, Path], *, unified: bool) -> None:
        self._groups = groups
        self._unified = unified
        self._last = Usage()

    @classmethod
    def of_process(
        cls, pid: int, container: str, *, proc: Path = PROC, cgroups: Path = CGROUPS
    ) -> Meter | None:
        """Make a meter of the control groups that process ``pid`` is in; ``container`` is the container's id.

        Returns None if the process has ended, or runs on another machine.
        """
        try:
            lines = (proc / str(pid) / "cgroup").read_text().splitlines()
        except OSError:
            return None
        unified = (cgroups / "cgroup.controllers").exists()
        groups = {}
        for _, controllers, path in (line.split(":", 2) for line in lines):
            if container not in path:
                continue
            if unified and not controllers:
                groups = dict.fromkeys(("cpuacct", "memory", "blkio", "pids"), cgroups / path.lstrip("/"))
            elif not unified:
                groups |= {name: cgroups / name / path.lstrip("/") for name in controllers.split(",")}
        return cls(groups, unified=unified) if groups else None

    def read(self) -> Usage:
        """Return what the container has used so far."""
        now = self._version_2() if self._unified else self._version_1()
        if now != Usage():
            self._last = now
        return self._last

    def _version_2(self) -> Usage:
        cpu = _number(self._text("cpuacct", "cpu.stat"), r"usage_usec (\d+)")
        io = self._text("blkio", "io.stat")
        return Usage(
            cpu_seconds=None if cpu is None else cpu / 1e6,
            memory_peak=_number(self._text("memory", "memory.peak")),
            # a group that has done nothing yet has no line
            bytes_read=None if io is None else sum(_numbers(io, r"rbytes=(\d+)")),
            bytes_written=None if io is None else sum(_numbers(io, r"wbytes=(\d+)")),
            pids_peak=_number(self._text("pids", "pids.peak")),
            oom_kills=_number(self._text("memory", "memory.events"), r"oom_kill (\d+)"),
        )

    def _version_1(self) -> Usage:
        cpu = _number(self._text("cpuacct", "cpuacct.usage"))
        io = self._text("blkio", "blkio.throttle.io_service_bytes_recursive")
        return Usage(
            cpu_seconds=None if cpu is None else cpu / 1e9,
            memory_peak=_number(self._text("memory", "memory.max_usage_in_bytes")),
            # kernels that count no I/O in version 1 have the file all the same, without a line for any device
            bytes_read=_sum_if_any(_numbers(io, r"Read (\d+)")),
            bytes_written=_sum_if_any(_numbers(io, r"Write (\d+)")),
            pids_peak=_number(self._text("pids", "pids.peak")),
            oom_kills=_number(self._text("memory", "memory.oom_control"), r"oom_kill (\d+)"),
        )

    def _text(self, controller: str, name: str) -> str | None:
        if controller not in self._groups:
            return None
        try:
            return (self._groups[controller] / name).read_text()
        except OSError:  # this kernel has no such file, or the container is gone
            return None


def _number(text: str | None, pattern: str = r"(\d+)") -> int | None:
    found = re.search(rf"^{pattern}", text, re.MULTILINE) if text else None
    return int(found[1]) if found else None


def _numbers(text: str | None, pattern: str) -> list[int]:
    """Return each number that the pattern finds, one for every device."""
    return [int(number) for number in re.findall(pattern, text or "")]


def _sum_if_any(numbers: Sequence[int]) -> int | None:
    return sum(numbers) if numbers else None
