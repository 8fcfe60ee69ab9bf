"""A worker was killed, and one of its containers cannot be removed: it goes on with everything else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerState
from koji_adjutant.container.podman_service import PodmanService
from tests.faults.victims import LongTask, Victims
from tests.hub.farm import Farm
from tests.support.nothing_left import Machine, assert_no_defunct_children
from tests.support.waiting import until


@contextmanager
def dependent(farm: Farm, container: str) -> Iterator[None]:
    """Have a container, somebody else's, for whose sake podman does not remove this one."""
    podman = PodmanService(farm.state).traits.command_line
    options = ["--quiet", "--pull=never", "--network=none", f"--requires={container}"]
    made = subprocess.run(
        [*podman, "create", *options, farm.image, "true"], check=True, stdout=subprocess.PIPE
    )
    try:
        yield
    finally:
        subprocess.run([*podman, "rm", "--force", made.stdout.decode().strip()], check=True)


@contextmanager
def undeletable(directory: Path) -> Iterator[None]:
    """Have a file there that cannot be deleted while the block runs."""
    file = directory / "held"
    file.touch()
    if not shutil.which("chattr") or subprocess.run(["chattr", "+i", file], check=False).returncode != 0:
        file.unlink()
        pytest.skip(f"the file system of {directory} has no immutable files")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", file], check=True)


def forget(farm: Farm, container: str) -> None:
    """Remove what podman has not, and may not know any more."""
    podman = PodmanService(farm.state)
    subprocess.run([*podman.traits.command_line, "rm", "--force", "--ignore", container], check=False)
    remove_tree(podman.directory / "storage" / "overlay-containers" / container)


def container_of(farm: Farm, task: LongTask) -> ContainerState:
    (container,) = farm.engine.list_containers({f"{LABEL_PREFIX}task_id": str(task.id)})
    return container


def kill_and_start(machine: Machine, victims: Victims, task: LongTask) -> int:
    """Kill the worker, with something else that it leaves; the task is done again. The new process."""
    victims.kill([victims.worker(), victims.task(task.id)])
    (machine.workdir / "tasks" / "4242" / "4242-1-2.trash" / "deep").mkdir(parents=True)
    worker = victims.start_worker()
    task.until_tried(2)
    task.end()
    return worker


def test_podman_refuses_for_another_container_s_sake(farm: Farm, machine: Machine, victims: Victims) -> None:
    task = LongTask(farm)
    container = container_of(farm, task)
    with dependent(farm, container.id):
        worker = kill_and_start(machine, victims, task)
        until(
            lambda: machine.left() == [f"container {container.name}"], f"the rest is gone: {machine.left()}"
        )

        sentence = f"the container {container.name} cannot be removed, it is tried again: "
        until(lambda: (victims.problem() or "").startswith(sentence), "the journal says so")
        host = farm.admin.getHost(farm.hub.worker.name)
        (row,) = farm.admin.scheduler.getHostData(host["id"])
        assert [problem[: len(sentence)] for problem in row["data"]["problems"]] == [sentence]
        assert host["ready"] is True
    machine.assert_nothing_left()
    until(lambda: victims.problem() is None, "the worker says nothing of it any more")
    assert_no_defunct_children(worker)
    assert victims.worker() == worker


def test_podman_fails_on_a_file(farm: Farm, machine: Machine, victims: Victims) -> None:
    """Some versions of podman forget the container then, and the next attempt has nothing to remove."""
    task = LongTask(farm)
    container = container_of(farm, task)
    userdata = machine.state_dir / "containers/storage/overlay-containers" / container.id / "userdata"
    with undeletable(userdata):
        worker = kill_and_start(machine, victims, task)
        until(
            lambda: set(machine.left()) <= {f"container {container.name}"},
            f"the rest is gone: {machine.left()}",
        )
    machine.assert_nothing_left()
    forget(farm, container.id)
    assert_no_defunct_children(worker)
    assert victims.worker() == worker
