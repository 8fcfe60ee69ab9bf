"""What a task may have of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.config import KojidOptions, limits
from koji_adjutant.config.adjutant import AdjutantOptions
from koji_adjutant.config.limits import Machine, task_limits, this_machine, worker_limits

GIB = 1 << 30


@pytest.mark.parametrize(
    ("memory", "maxjobs", "task"),
    [
        (64, 1, 56),  # all but the host's eighth
        (64, 2, 56),
        (64, 4, 28),  # twice its share
        (64, 10, 11.2),
        (16, 10, 4),  # what ordinary packages need
        (4, 10, 3),
        (1, 10, 0.5),
    ],
)
def test_memory_of_a_task(memory: int, maxjobs: int, task: float) -> None:
    assert Machine(memory * GIB, 32768).task_memory(maxjobs) == int(task * GIB)


@pytest.mark.parametrize(
    ("pids", "maxjobs", "task"),
    [(4194304, 10, 16384), (32768, 10, 2457), (32768, 1, 16384), (32768, 99, 1024)],
)
def test_processes_of_a_task(pids: int, maxjobs: int, task: int) -> None:
    assert Machine(GIB, pids).task_pids(maxjobs) == task


@pytest.mark.parametrize("pids", [32768, 127000, 4194304])
@pytest.mark.parametrize("maxjobs", [1, 2, 10, 20])
def test_all_tasks_together_leave_the_host_some(pids: int, maxjobs: int) -> None:
    assert maxjobs * Machine(GIB, pids).task_pids(maxjobs) < pids


def test_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROC", tmp_path)
    (tmp_path / "sys" / "kernel").mkdir(parents=True)
    (tmp_path / "meminfo").write_text("MemTotal:       16384000 kB\nMemFree:         1 kB\nHugetlb:   0 kB\n")
    (tmp_path / "sys" / "kernel" / "pid_max").write_text("4194304\n")
    (tmp_path / "sys" / "kernel" / "threads-max").write_text("127000\n")
    assert this_machine() == Machine(16384000 * 1024, 127000)


def test_what_is_said_wins() -> None:
    machine = Machine(64 * GIB, 32768)
    ours = AdjutantOptions(memory_limit=None, cpu_limit=1.5, pids_limit=7)
    found = task_limits(ours, 10, machine)
    assert (found.memory_bytes, found.cpus, found.pids) == (None, 1.5, 7)
    found = task_limits(AdjutantOptions(memory_limit="auto", pids_limit="auto"), 10, machine)
    assert (found.memory_bytes, found.pids) == (machine.task_memory(10), machine.task_pids(10))


def test_a_worker_s() -> None:
    options = KojidOptions(maxjobs=4)
    options.RLIMIT_CORE = "0 0"  # type: ignore[attr-defined]
    found = worker_limits(options)
    assert found.memory_bytes == this_machine().task_memory(4)
    assert set(found.rlimits) == {"core"}
