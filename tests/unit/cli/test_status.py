"""``koji-adjutant status`` over journals that were really written."""

from __future__ import annotations

import os
import subprocess

import pytest
from click.testing import Result

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.cli.status import command
from koji_adjutant.errors import ConfigError, NotFound
from koji_adjutant.monitoring import database, events
from tests.unit.cli.conftest import Machine, record_failed_build


def shown(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_a_task_that_failed(machine: Machine) -> None:
    record_failed_build(machine.journal())
    (machine.kept_logs(7) / "build.log").touch()
    page = shown(machine.run(command, 7))
    for part in (
        "Task 7  buildArch  failed",
        "f39-build",
        "hello-1-1.src.rpm",
        "took 1:31 min",
        "tools:latest sha256:1",
        "root a1b2 found",
        "12.5 s of CPU time, 286 MiB of memory, 1 B read, 2.0 KiB written, 9 processes",
        "1.9 MiB",
        "✓ chroot init",
        "2.5 s",
        "✗ build phase",
        "1:26 min",
        "adjutant-7-build-1",
        "Why (build): in %build: x.c:1:1: error: [bold]no",
        "build.log, from byte 4096:",
        "    x.c: In function",
        str(machine.log_dir / "7"),
    ):
        assert part in page
    assert "\x1b" not in page


def test_a_task_for_programs(machine: Machine) -> None:
    record_failed_build(machine.journal())
    answer = machine.json(command, 7)
    assert (answer["task_id"], answer["method"], answer["status"], answer["arch"]) == (
        7,
        "buildArch",
        "failed",
        "x86_64",
    )
    assert answer["failure"]["failure_class"] == "build"
    assert [phase["name"] for phase in answer["phases"]] == ["chroot init", "build phase"]
    assert answer["containers"][0]["exit_code"] == 10
    assert answer["cache_uses"][0]["hit"] is True
    assert answer["resources"]["memory_peak"] == 300_000_000
    assert answer["logs"] is None


def test_a_running_task_writes_its_logs_elsewhere(machine: Machine) -> None:
    journal = machine.journal()
    journal.record(events.TaskTaken(task_id=8, method="createrepo", arch="noarch"))
    machine.kept_logs(8)
    directory = machine.running_logs(8)
    assert machine.json(command, 8)["logs"] == str(directory)


def test_the_worker(machine: Machine) -> None:
    journal = machine.journal()
    record_failed_build(journal)
    journal.record(events.TaskTaken(task_id=8, method="buildArch", arch="x86_64", tag="f40-build"))
    journal.record(events.PhaseStarted(task_id=8, number=0, depth=0, name="chroot init"))
    page = shown(machine.run(command))
    lines = page.splitlines()
    assert any("http://hub/kojihub" in line for line in lines)
    assert "1 tasks, 0 containers" in page
    (running,) = (line for line in lines if line.startswith("8 "))
    assert "f40-build" in running
    assert "chroot init" in running
    (ended,) = (line for line in lines if line.startswith("7 "))
    assert "failed" in ended
    assert "build: in %build: x.c:1:1" in ended
    assert "root: 100% found" in page


def test_the_worker_for_programs(machine: Machine) -> None:
    journal = machine.journal()
    record_failed_build(journal)
    answer = machine.json(command)
    assert [task["task_id"] for task in answer["recent"]] == [7]
    assert answer["running"] == []
    assert answer["cache_hit_rates"] == {"root": 1.0}
    assert answer["disks"][0]["free"] > 0


def test_what_was_found_damaged(machine: Machine) -> None:
    record_failed_build(machine.journal())
    assert machine.json(command)["damaged_entries"] == 0
    store = Cache(machine.state_dir).store
    with store.lease("key", lambda staging: (staging / "file").touch()) as lease:
        assert store.put_aside(lease, ["file: gone"])
    assert machine.json(command)["damaged_entries"] == 1
    assert "1 damaged entries are in quarantine" in shown(machine.run(command))


def started(machine: Machine, pid: int) -> None:
    journal = machine.journal()
    journal.record(events.WorkerStarted(worker_id="hub-host1", hub="http://hub", version="1", pid=pid))
    journal.record(events.WorkerSeen(capacity=4.0, task_load=1.5))


def test_a_worker_that_is_well(machine: Machine) -> None:
    started(machine, os.getpid())
    page = shown(machine.run(command))
    assert any(line.split() == ["worker", "healthy"] for line in page.splitlines())
    assert "1.5 of 4.0" in page
    assert machine.json(command)["worker"]["worker_id"] == "hub-host1"


def test_a_worker_that_was_stopped(machine: Machine) -> None:
    started(machine, os.getpid())
    machine.journal().record(events.WorkerStopped())
    assert machine.json(command)["health"] == {"status": "offline", "reasons": ["the worker was stopped"]}


def test_a_worker_that_was_killed(machine: Machine) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    started(machine, process.pid)
    assert "worker  offline; the worker's process is gone: it was killed" in shown(machine.run(command))


def test_so_many_tasks_that_ended(machine: Machine) -> None:
    journal = machine.journal()
    for task_id in range(1, 6):
        record_failed_build(journal, task_id)
    assert len(machine.json(command, "--recent", 3)["recent"]) == 3


def test_too_little_space(machine: Machine) -> None:
    machine.journal()
    machine.config.write_text(
        machine.config.read_text().replace("[kojid]\n", "[kojid]\nminspace = 1000000000\n", 1)
    )
    assert "less than minspace: no task is taken" in shown(machine.run(command))
    assert machine.json(command)["disks"][0]["short"] is True


def test_no_journal(machine: Machine) -> None:
    result = machine.run(command)
    assert isinstance(result.exception, NotFound)
    assert "There is no journal" in str(result.exception)


def test_a_journal_that_is_none(machine: Machine) -> None:
    (machine.state_dir / database.NAME).write_text("rubbish" * 1000)
    result = machine.run(command)
    assert isinstance(result.exception, NotFound)
    assert "cannot be read" in str(result.exception)


def test_a_task_of_another_builder(machine: Machine) -> None:
    machine.journal()
    result = machine.run(command, 99)
    assert isinstance(result.exception, NotFound)
    assert "does not know task 99" in str(result.exception)


def test_no_configuration(machine: Machine) -> None:
    machine.config.unlink()
    result = machine.run(command)
    assert isinstance(result.exception, ConfigError)
    assert "--config" in str(result.exception)


@pytest.mark.parametrize("option", ["--json", "--recent", "--config"])
def test_help(machine: Machine, option: str) -> None:
    assert option in machine.run(command, "--help").stdout
