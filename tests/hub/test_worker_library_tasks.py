"""The task methods that come from the koji library, under our worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import koji
import pytest

from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.images.proofs import Proofs
from tests.hub.builder import ARCH
from tests.hub.farm import Farm, run_worker
from tests.hub.names import unique
from tests.support.ports import reserved_port
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.podman


@pytest.fixture
def channel(farm: Farm) -> Iterator[str]:
    """A channel that only the worker is in."""
    name = unique("alone")
    farm.admin.addHostToChannel(farm.hub.worker.name, name, create=True)
    yield name
    farm.admin.removeHostFromChannel(farm.hub.worker.name, name)


def test_tasks_that_test_a_farm(farm: Farm) -> None:
    """All at once: one of them sleeps for 15 seconds."""
    fork = farm.worker_task("fork", 2, 1)
    subtask = farm.worker_task("subtask", 0)
    waittest = farm.worker_task("waittest", 1, 1)
    default = farm.worker_task("default")
    some_method = farm.worker_task("someMethod", "argument")
    sleep = farm.worker_task("sleep", 1)
    dependant = farm.worker_task("dependantTask", [sleep], [["sleep", [0], {"label": "after", "arch": ARCH}]])
    doomed = farm.worker_task("dependantTask", [default], [["sleep", [0]]])
    assert "Invalid method: default" in str(farm.failure(default))
    assert f"Dependency {default} failed to complete" in str(farm.failure(doomed))
    assert farm.closed(some_method) == 42
    for task in (sleep, dependant, waittest, fork, subtask):
        assert farm.closed(task) is None
    assert list(farm.children(dependant)) == ["after"]
    assert set(farm.children(subtask)) == {"bar"}
    assert set(farm.children(waittest)) == {"0", "bad"}


def test_a_method_that_nobody_has_is_refused_at_once(farm: Farm) -> None:
    task = farm.worker_task("noSuchMethod", 1)
    until(lambda: farm.admin.getTaskInfo(task)["host_id"] is None, f"task {task} is refused")
    assert farm.admin.getTaskInfo(task)["state"] == koji.TASK_STATES["FREE"]
    log = (farm.directory / "kojid.log").read_text(errors="replace")
    assert f"Refusing task {task}, no handler for noSuchMethod" in log
    farm.admin.cancelTask(task)


def test_a_method_of_the_stock_builder_s_is_refused_with_a_reason(farm: Farm) -> None:
    task = farm.worker_task("createLiveMedia", 1)
    until(lambda: farm.admin.getTaskInfo(task)["host_id"] is None, f"task {task} is refused")
    log = (farm.directory / "kojid.log").read_text(errors="replace")
    assert f"Refusing task {task}: createLiveMedia is not done by Koji-Adjutant, since it needs mounts" in log
    farm.admin.cancelTask(task)


def test_restart(farm: Farm, channel: str) -> None:
    """The worker ends nothing that runs, starts anew, and proves it; its process is the same."""
    task = int(farm.admin.makeTask("restartHosts", [{"channel": channel}], channel=channel))
    assert farm.closed(task) is None
    children = {child["method"]: child["id"] for child in farm.admin.getTaskChildren(task)}
    assert set(children) == {"restart", "restartVerify"}
    assert farm.closed(children["restart"]) == "graceful restart initiated"
    assert farm.closed(children["restartVerify"]) is None


def test_shutdown(farm: Farm, tmp_path: Path) -> None:
    """A second worker, as another host: the task is given back to the hub and the daemon ends with 0.

    The first one's journal knows nothing of it: tests of monitoring come later.
    """
    hub = replace(farm.hub, worker=farm.hub.other_builder)
    host = farm.admin.getHost(hub.worker.name)["id"]
    with reserved_port() as port:
        other = replace(
            farm,
            hub=hub,
            directory=tmp_path,
            state=tmp_path / "state",
            podman_socket=PodmanService(farm.state).socket,  # it has the tool image
            dashboard=f"127.0.0.1:{port}",
        )
        Proofs(other.state).remember(farm.engine.ensure_image_available(farm.image, "never"))
        with run_worker(other, ends_itself=True) as process:
            # of an architecture that no host has: once given back, the farm's own worker must not take it
            task = int(farm.admin.makeTask("shutdown", [], assign=host, arch="ppc64le"))
            assert process.wait(timeout=PATIENCE) == os.EX_OK, other.log_tail()
    farm.admin.cancelTask(task)
