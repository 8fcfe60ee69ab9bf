"""``koji-adjutant gc`` beside running tasks, with real containers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from koji_adjutant.buildroot.record import WAIT
from koji_adjutant.container.interface import (
    ContainerSpec,
    ContainerState,
    ImageRoot,
    Owner,
    ResourceLimits,
)
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.errors import EngineError
from tests.integration.cli.conftest import Run

RUNNING, KILLED = 800_000_000 + os.getpid(), 900_000_000 + os.getpid()
"""No tasks of anybody else's with the same state directory."""


def start(engine: PodmanManager, image: str, task: str) -> str:
    spec = ContainerSpec(
        ImageRoot(image), WAIT, Owner(task, "tests"), "build", limits=ResourceLimits(pids=64)
    )
    container = engine.create(spec)
    engine.start(container)
    return container


def state(engine: PodmanManager, container: str) -> ContainerState | None:
    try:
        return engine.inspect(container)
    except EngineError:
        return None


def test_what_a_killed_task_left_goes_and_a_running_one_stays(
    adjutant: Run, kojid_conf: Path, state_dir: Path, tool_image: str, engine: PodmanManager
) -> None:
    claims = TaskClaims(state_dir)
    pid = os.fork()
    if not pid:
        with claims.hold(KILLED):
            os._exit(1)
    os.waitpid(pid, 0)
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    work = kojid_conf.parent / "work" / "tasks"
    for task in (RUNNING, KILLED):
        (work / str(task % 10000) / str(task) / "result").mkdir(parents=True)
    with claims.hold(RUNNING):
        running = start(engine, tool_image, str(RUNNING))
        try:
            killed = start(engine, tool_image, str(KILLED))
            command = start(engine, tool_image, f"local-{dead.pid}")

            listed = adjutant("gc", "--dry-run", "-c", kojid_conf)
            assert listed.returncode == 0, listed.stderr
            assert f"would remove: container adjutant-{KILLED}-build" in listed.stdout
            assert str(RUNNING) not in listed.stdout
            assert state(engine, killed)

            result = adjutant("gc", "-c", kojid_conf)
            assert result.returncode == 0, result.stderr
            assert state(engine, killed) is None
            assert state(engine, command) is None
            still = state(engine, running)
            assert still
            assert still.status == "running"
            left = sorted(path.name for path in work.glob("*/*"))
            assert left == [str(RUNNING)]
            assert claims.held(RUNNING)
            assert claims.abandoned() == []
        finally:
            engine.remove(running)


def test_an_engine_that_cannot_be_used(
    adjutant: Run, kojid_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOJI_ADJUTANT_PODMAN_SOCKET", f"unix://{kojid_conf.parent}/none.sock")
    result = adjutant("gc", "-c", kojid_conf)
    assert result.returncode == 10
    assert result.stderr.startswith("koji-adjutant: nothing answers")
