"""What is no fault of the package's: the task goes back to the hub, and is done once more."""

from __future__ import annotations

import json
import os
import signal

import koji
import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import _command_lines
from tests.hub.builder import ARCH, make_tag
from tests.hub.farm import FINISHED, Farm
from tests.hub.names import unique
from tests.hub.packages import COMPILE, package
from tests.support.waiting import until

pytestmark = pytest.mark.podman

WAITING = f"echo now it runs; while [ ! -e /builddir/go ]; do sleep 0.2; done\n{COMPILE}"


def kill_service(farm: Farm) -> None:
    assert isinstance(farm.engine, PodmanManager)
    for pid, line in _command_lines():
        if farm.engine.connection.address in line and "service" in line:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.usefixtures("alone")
def test_podmans_service_is_killed_in_mid_build(farm: Farm) -> None:
    name = unique("again")
    task = farm.build(farm.publish(name, package(name, build=WAITING)))
    child = until(lambda: farm.children(task).get(ARCH), f"the buildArch task of {task}")["id"]
    until(lambda: "now it runs" in farm.log(child, "build.log"), f"the live build.log of {child}")
    kill_service(farm)
    until(lambda: "failure.json" in farm.admin.listTaskOutput(child), f"the failure of {child} is known")
    failure = json.loads(farm.log(child, "failure.json"))
    assert (failure["class"], failure["step"]) == ("infrastructure", "build")
    assert failure["sentence"] == "podman's service ended while a command ran, and took its output with it"
    assert (failure["retryable"], failure["try"], failure["given_back"]) == (True, 1, True)

    go = farm.directory / "work" / koji.pathinfo.taskrelpath(child) / "work" / "home" / "go"

    def ended_if_let() -> bool:
        if go.parent.is_dir():
            go.touch()
        return farm.admin.getTaskInfo(task)["state"] in FINISHED

    until(ended_if_let, f"task {task} ends; the worker's log:\n{farm.log_tail()}")
    assert farm.closed(task) is None
    assert set(farm.children(task)) >= {"srpm", ARCH}
    assert len(farm.admin.getTaskDescendents(task)[str(task)]) == len(farm.admin.getTaskChildren(task))
    states = [koji.BR_STATES[root["state"]] for root in farm.admin.listBuildroots(taskID=child)]
    assert states == ["EXPIRED", "EXPIRED"]
    # one try's log, as a stock builder's restarted task has it
    assert farm.log(child, "build.log").count("\nnow it runs\n") == 1
    assert farm.containers(child) == []


@pytest.mark.usefixtures("alone")
def test_an_image_that_is_nowhere(farm: Farm) -> None:
    """Every try fails, the last one for good."""
    policy = {"version": "1.0", "rules": [{"type": "default", "image": "localhost/nowhere:1"}]}
    tag = make_tag(farm.admin, extra={"adjutant_image_policy": policy})
    task = farm.worker_task("newRepo", tag)
    farm.failure(task)
    child = farm.children(task)[ARCH]["id"]
    sentence = "the image localhost/nowhere:1 is not in podman's storage"
    assert f"Why (image): {sentence}" in str(farm.failure(child))
    failure = json.loads(farm.log(child, "failure.json"))
    assert (failure["class"], failure["try"], failure["given_back"]) == ("image", 3, False)
    assert failure["sentence"].startswith(sentence)
