"""What a task's containers may have: what [adjutant] says, and for ``auto`` a part of this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from koji_adjutant.config.adjutant import AUTO, AdjutantOptions
from koji_adjutant.config.kojid import KojidOptions
from koji_adjutant.config.rlimits import build_rlimits
from koji_adjutant.container.interface import ResourceLimits

PROC = Path("/proc")

HOST_MEMORY_LEAST = 1 << 30
HOST_MEMORY_PART = 8
"""The host itself keeps an eighth of the memory, and at least that much."""
SHARES = 2
"""A task may have so many shares: few builds need much memory, and seldom at the same time."""
TASK_MEMORY_LEAST = 4 << 30
"""A task may have that much where the machine has it: with less, ordinary packages do not build."""

TASK_PIDS_MOST = 16384
TASK_PIDS_LEAST = 1024
PIDS_PART = 4
"""A quarter of the host's processes is not for tasks."""


@dataclass(frozen=True)
class Machine:
    """Bytes of memory, and how many processes and threads the kernel lets there be at a time."""

    memory: int
    pids: int

    def task_memory(self, maxjobs: int) -> int:
        """Return how many bytes each of ``maxjobs`` tasks may have; one alone leaves the host its own.

        Should all of them want all of it at a time, the kernel kills in containers first, not in the host.
        """
        for_host = min(self.memory // 2, max(HOST_MEMORY_LEAST, self.memory // HOST_MEMORY_PART))
        for_tasks = self.memory - for_host
        return min(for_tasks, max(TASK_MEMORY_LEAST, for_tasks * SHARES // max(1, maxjobs)))

    def task_pids(self, maxjobs: int) -> int:
        """Return how many processes each of ``maxjobs`` tasks may have, so that all of them leave some.

        That many and no fewer than TASK_PIDS_LEAST: what a build with many threads takes.
        """
        share = (self.pids - self.pids // PIDS_PART) // max(1, maxjobs)
        return max(TASK_PIDS_LEAST, min(TASK_PIDS_MOST, share))


def this_machine() -> Machine:
    """Return what /proc says of this machine."""
    lines = dict(line.split(":", 1) for line in (PROC / "meminfo").read_text().splitlines())
    pids = min(int((PROC / "sys/kernel" / name).read_text()) for name in ("pid_max", "threads-max"))
    return Machine(int(lines["MemTotal"].split()[0]) * 1024, pids)


def task_limits(ours: AdjutantOptions, maxjobs: int, machine: Machine | None = None) -> ResourceLimits:
    """Return the limits of each of a task's containers; at most ``maxjobs`` tasks run at a time."""
    machine = machine or this_machine()
    memory, pids = ours.memory_limit, ours.pids_limit
    return ResourceLimits(
        memory_bytes=machine.task_memory(maxjobs) if memory == AUTO else memory,
        cpus=ours.cpu_limit,
        pids=machine.task_pids(maxjobs) if pids == AUTO else pids,
    )


def worker_limits(options: KojidOptions) -> ResourceLimits:
    """Return the limits of the worker's tasks, kojid's RLIMIT_* included."""
    return replace(task_limits(options.adjutant, options.maxjobs), rlimits=build_rlimits(options))
