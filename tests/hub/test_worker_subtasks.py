"""Subtasks that a worker's tasks make for the worker itself: past the hub's scheduler, not past its rules."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH
from tests.hub.farm import FINISHED, Farm
from tests.hub.names import unique
from tests.hub.packages import COMPILE, package
from tests.support.waiting import until

pytestmark = pytest.mark.podman

WAITING = f"echo now it runs; while [ ! -e /builddir/go ]; do sleep 0.2; done\n{COMPILE}"


@pytest.fixture
def host(farm: Farm) -> int:
    return int(farm.admin.getHost(farm.hub.worker.name)["id"])


def runs(farm: Farm, task: int) -> list[int]:
    """The hosts that the hub's scheduler has given a task to."""
    return [run["host_id"] for run in farm.admin.scheduler.getTaskRuns([["task_id", "=", task]])]


@pytest.mark.usefixtures("alone")
def test_the_scheduler_assigns_the_build_and_the_worker_the_rest(farm: Farm, host: int) -> None:
    name = unique("own")
    task = farm.build(farm.publish(name, package(name)))
    assert farm.closed(task) is None
    assert runs(farm, task) == [host]
    children = farm.children(task)
    assert set(children) == {"srpm", ARCH, "tag"}
    for child in children.values():
        assert (runs(farm, child["id"]), child["host_id"]) == ([], host), child


@pytest.mark.usefixtures("alone")
def test_a_repo_is_made_by_the_worker_whose_task_it_is(farm: Farm, host: int) -> None:
    task = farm.worker_task("newRepo", farm.build_tag)
    farm.closed(task)
    child = farm.children(task)[ARCH]
    assert (runs(farm, child["id"]), child["host_id"]) == ([], host)


@pytest.mark.usefixtures("alone")
def test_a_subtask_of_a_channel_that_is_not_the_hosts_waits_for_one_whose_it_is(
    farm: Farm, host: int
) -> None:
    """The host has left the channel since the build began, so its tagBuild is for others."""
    name, worker = unique("left"), farm.hub.worker.name
    task = farm.build(farm.publish(name, package(name, build=WAITING)))
    child = until(lambda: farm.children(task).get(ARCH), f"the buildArch task of {task}")["id"]
    until(lambda: "now it runs" in farm.log(child, "build.log"), f"the live build.log of {child}")
    channel = farm.admin.getChannel(farm.admin.getTaskInfo(task)["channel_id"])["name"]
    farm.admin.removeHostFromChannel(worker, channel)
    try:
        (farm.directory / "work" / koji.pathinfo.taskrelpath(child) / "work/home/go").touch()
        tag = until(lambda: _free(farm, task), f"tagBuild of {task} is free\n{farm.log_tail()}")
        assert runs(farm, tag["id"]) == []
    finally:
        farm.admin.addHostToChannel(worker, channel)
    assert farm.closed(task) is None
    assert runs(farm, tag["id"]) == [host]


def _free(farm: Farm, task: int) -> dict[str, Any] | None:
    """The tagBuild task, if nobody has it, and its maker has said so."""
    found: dict[str, Any] | None = farm.children(task).get("tag")
    given_back = found and f"Task {found['id']} is the hub's to assign" in farm.log_tail(lines=200)
    assert farm.admin.getTaskInfo(task)["state"] not in FINISHED
    return found if found and given_back and found["state"] == koji.TASK_STATES["FREE"] else None
