"""What is a leftover, for ``gc`` and for the worker, and what they leave alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pytest

from koji_adjutant.config import KojidOptions, load
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerState
from koji_adjutant.daemon import leftovers
from koji_adjutant.daemon.leftovers import Leftover
from koji_adjutant.errors import EngineError
from tests.unit.cli.conftest import Machine, machine

__all__ = ["machine"]

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def options(machine: Machine) -> KojidOptions:
    return load(machine.config, {}).kojid


@pytest.fixture
def dead_pid() -> int:
    """Of a process that was, and whose number no other has."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def die_holding(machine: Machine, task_id: int) -> None:
    pid = os.fork()
    if not pid:
        with machine.claims.hold(task_id):
            os._exit(1)
    os.waitpid(pid, 0)


def remove(found: Iterable[Leftover]) -> list[str]:
    """Removes them one after the other, as gc does; what they were."""
    removed = []
    for leftover in found:
        leftover.remove()
        removed.append(leftover.what)
    return removed


def test_the_directory_of_a_task_that_was_killed(machine: Machine, options: KojidOptions) -> None:
    (machine.running_logs(7) / "build.log").touch()
    die_holding(machine, 7)
    with machine.claims.hold(8):
        machine.running_logs(8)
        assert len(list(leftovers.killed_tasks(options))) == 1
        remove(chain(leftovers.killed_tasks(options), leftovers.put_aside(options)))
        assert machine.running_logs(8).exists()
    assert sorted(path.name for path in (machine.directory / "work" / "tasks").glob("*/*")) == ["8"]
    assert machine.claims.abandoned() == []


def test_a_stock_kojid_s_tasks_are_not_ours(machine: Machine, options: KojidOptions) -> None:
    machine.running_logs(7)
    assert remove(chain(leftovers.killed_tasks(options), leftovers.put_aside(options))) == []
    assert machine.running_logs(7).exists()


def test_a_task_that_was_taken_again_meanwhile(machine: Machine, options: KojidOptions) -> None:
    log = machine.running_logs(7) / "build.log"
    log.touch()
    die_holding(machine, 7)
    found = list(leftovers.killed_tasks(options))
    with machine.claims.hold(7):
        remove(found)
        assert log.exists()


def test_what_tasks_have_put_aside(machine: Machine, options: KojidOptions) -> None:
    (machine.directory / "work" / "tasks" / "7" / "7-123-456.trash" / "deep").mkdir(parents=True)
    assert len(remove(leftovers.put_aside(options))) == 1
    assert list((machine.directory / "work" / "tasks" / "7").iterdir()) == []


def test_only_the_task_s_own_is_found_to_be_put_aside(machine: Machine, options: KojidOptions) -> None:
    (machine.directory / "work" / "tasks" / "7" / "10007-123-456.trash").mkdir(parents=True)
    assert not leftovers.has_put_aside(options, 7)
    assert leftovers.has_put_aside(options, 10007)


def test_what_cannot_be_removed(machine: Machine) -> None:
    def refuse() -> None:
        raise EngineError("device or resource busy")

    assert Leftover("container c", refuse).problem_of_removal() == "container c: device or resource busy"


def test_commands_that_were_killed(machine: Machine, options: KojidOptions, dead_pid: int) -> None:
    work = machine.state_dir / "work"
    for name in (f"local-{dead_pid}-x", f"local-{os.getpid()}-x", "something-else"):
        (work / name).mkdir(parents=True)
    remove(leftovers.commands(options))
    assert sorted(path.name for path in work.iterdir()) == [f"local-{os.getpid()}-x", "something-else"]


def test_idle_work_that_was_killed(machine: Machine, options: KojidOptions, dead_pid: int) -> None:
    work = machine.directory / "work"
    for name in (f"idle-{dead_pid}", f"prewarm-{dead_pid}", f"idle-{os.getpid()}", "idle-mine"):
        (work / name).mkdir(parents=True)
    assert len(remove(leftovers.commands(options))) == 2
    assert sorted(path.name for path in work.iterdir()) == [f"idle-{os.getpid()}", "idle-mine"]


def test_old_logs(machine: Machine, options: KojidOptions) -> None:
    for task_id in (7, 8):
        machine.kept_logs(task_id)
    os.utime(machine.log_dir / "7", (LONG_AGO, LONG_AGO))
    other = machine.log_dir / "kojid"
    other.mkdir()
    (machine.log_dir / "9").symlink_to(other)
    for path in (other, machine.log_dir / "9"):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    remove(leftovers.logs(options, 30))
    assert sorted(path.name for path in machine.log_dir.iterdir()) == ["8", "9", "kojid"]


def test_buildroots_that_were_kept_for_long_enough(machine: Machine, options: KojidOptions) -> None:
    kept = machine.directory / "work" / "failed" / "kept"
    for name in ("f39-build-1-2", "f39-build-3-4"):
        (kept / name).mkdir(parents=True)
    os.utime(kept / "f39-build-1-2", (LONG_AGO, LONG_AGO))
    (what,) = remove(leftovers.kept_buildroots(options))
    assert what.endswith("f39-build-1-2")
    assert [path.name for path in kept.iterdir()] == ["f39-build-3-4"]


@dataclass
class FakeEngine:
    """Has containers, by name and the task they are for."""

    tasks: Mapping[str, str]
    removed: list[str] = field(default_factory=list)

    def list_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        assert labels == {f"{LABEL_PREFIX}managed": "true"}
        return [
            ContainerState(name, name, "running", None, {f"{LABEL_PREFIX}task_id": task})
            for name, task in self.tasks.items()
        ]

    def remove(self, container: str) -> None:
        self.removed.append(container)


def engine_with_all_kinds(machine: Machine, dead_pid: int) -> FakeEngine:
    die_holding(machine, 7)
    return FakeEngine(
        {
            "killed": "7",
            "running": "8",
            "unclaimed": "9",
            "dead-command": f"local-{dead_pid}",
            "living-command": f"local-{os.getpid()}",
            "dead-idle": f"idle-{dead_pid}",
            "living-idle": f"idle-{os.getpid()}",
            "somebody": "test-12-ab",
        }
    )


def test_containers_of_the_private_engine(machine: Machine, options: KojidOptions, dead_pid: int) -> None:
    engine = engine_with_all_kinds(machine, dead_pid)
    with machine.claims.hold(8):
        remove(leftovers.containers(options, engine))  # type: ignore[arg-type]
    assert engine.removed == ["killed", "unclaimed", "dead-command", "dead-idle"]


def test_an_engine_that_others_use_too(machine: Machine, dead_pid: int) -> None:
    shared = load(machine.config, {"KOJI_ADJUTANT_PODMAN_SOCKET": "unix:///run/podman/podman.sock"}).kojid
    engine = engine_with_all_kinds(machine, dead_pid)
    with machine.claims.hold(8):
        remove(leftovers.containers(shared, engine))  # type: ignore[arg-type]
    assert engine.removed == ["killed"]


def test_containers_of_dead_processes_alone(machine: Machine, options: KojidOptions, dead_pid: int) -> None:
    engine = engine_with_all_kinds(machine, dead_pid)
    remove(leftovers.containers_of_processes(options, engine))  # type: ignore[arg-type]
    assert engine.removed == ["dead-command", "dead-idle"]
    shared = load(machine.config, {"KOJI_ADJUTANT_PODMAN_SOCKET": "unix:///run/podman/podman.sock"}).kojid
    assert remove(leftovers.containers_of_processes(shared, engine)) == []  # type: ignore[arg-type]


def test_nothing_at_all(machine: Machine, options: KojidOptions, tmp_path: Path) -> None:
    everything = (
        *leftovers.killed_tasks(options),
        *leftovers.put_aside(options),
        *leftovers.commands(options),
        *leftovers.kept_buildroots(options),
        *leftovers.logs(options, 0),
    )
    assert everything == ()
