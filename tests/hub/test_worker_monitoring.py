"""What can be seen from outside of a worker that really builds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import COMPILE, package
from tests.support.waiting import until

pytestmark = pytest.mark.podman

MARK = "this is seen while it is built"


def get(farm: Farm, path: str, **options: Any) -> requests.Response:
    answer = requests.get(f"http://{farm.dashboard}{path}", timeout=60, **options)
    answer.raise_for_status()
    return answer


@pytest.fixture(scope="module")
def arch_task(farm: Farm) -> int:
    """A buildArch task that went well."""
    name = unique("watched")
    task = farm.build(farm.publish(name, package(name, build=f"echo {MARK}; {COMPILE}")))
    farm.closed(task)
    return int(farm.children(task)["x86_64"]["id"])


@pytest.fixture(scope="module")
def failed_task(farm: Farm) -> int:
    name = unique("broken")
    task = farm.build(farm.publish(name, package(name, build="gcc -c missing.c")))
    farm.failure(task)
    return int(farm.children(task)["x86_64"]["id"])


def test_a_task_and_what_it_took(farm: Farm, arch_task: int) -> None:
    task = get(farm, f"/api/v1/tasks/{arch_task}").json()
    assert (task["type"], task["status"], task["arch"]) == ("buildArch", "closed", "x86_64")
    assert (task["tag"], task["failure"]) == (farm.build_tag, None)
    assert task["source"].endswith(".src.rpm")
    names = [phase["name"] for phase in task["phases"]]
    assert names[0] == "chroot init"
    assert any(name.startswith("rpmbuild") for name in names)
    assert all(phase["ok"] and phase["finished_at"] for phase in task["phases"])
    assert task["image_digest"].startswith("sha256:")
    assert task["bytes_uploaded"] > 1000
    assert task["resources"]["cpu_seconds"] > 0
    peak = task["resources"]["memory_peak"]
    assert peak > 1 << 20 if "memory" in farm.engine.check().controllers else peak is None
    assert {container["role"] for container in task["containers"]} >= {"build"}
    assert {container["status"] for container in task["containers"]} == {"removed"}


def test_resources_are_uploaded(farm: Farm, arch_task: int, failed_task: int) -> None:
    for task in (arch_task, failed_task):
        used = json.loads(farm.log(task, "resources.json"))
        assert used["cpu_seconds"] > 0
        assert set(used) == {"cpu_seconds", "memory_peak", "bytes_read", "bytes_written", "pids_peak"}
    assert any(log.endswith("/resources.json") for log in farm.closed(arch_task)["logs"])


def test_a_container(farm: Farm, arch_task: int) -> None:
    found = get(farm, f"/api/v1/containers?task_id={arch_task}").json()["containers"]
    build = next(container for container in found if container["role"] == "build")
    detail = get(farm, f"/api/v1/containers/{build['container_id']}").json()
    assert (detail["spec"]["network"], detail["image"], detail["reconciled"]) == ("none", None, True)
    assert any(mount.endswith(":/builddir:rw") for mount in detail["mounts"])
    assert detail["created_at"] <= detail["started_at"] <= detail["finished_at"]


def test_a_failure_says_why(farm: Farm, failed_task: int) -> None:
    failure = get(farm, f"/api/v1/tasks/{failed_task}").json()["failure"]
    assert (failure["class"], failure["log"]) == ("build", "build.log")
    assert any("missing.c" in line for line in failure["excerpt"])
    log = get(farm, f"/api/v1/tasks/{failed_task}/logs").content
    assert log[failure["offset"] :].startswith(failure["excerpt"][0].encode())
    page = get(farm, f"/tasks/{failed_task}").text
    assert "Why it failed" in page


def test_a_build_is_seen_while_it_runs(farm: Farm) -> None:
    name = unique("live")
    spec = package(name, build=f"echo {MARK}; until [ -e /builddir/go ]; do sleep 0.1; done")
    task = farm.build(farm.publish(name, spec))

    def running() -> dict[str, Any] | None:
        tasks = get(farm, "/api/v1/tasks?status=running&type=buildArch").json()["tasks"]
        return next((one for one in tasks if name in (one["source"] or "")), None)

    number = until(running, f"the build of {name} runs\n{farm.log_tail()}")["task_id"]
    path = f"/api/v1/tasks/{number}/logs?name=build.log&follow=true"
    with get(farm, path, stream=True) as events:
        lines = events.iter_lines()
        assert any(MARK.encode() in line for line in lines if line.startswith(b"data:"))
        (container,) = farm.containers(number)

        def shown() -> bool:
            listed = get(farm, "/api/v1/containers?status=running").json()["containers"]
            return container in [one["name"] for one in listed]

        until(shown, f"{container} is shown: podman is asked at most once a second")
        assert get(farm, "/api/v1/status").json()["active_tasks"] >= 2
        farm.admin.cancelTask(task)
        ends = [line for line in lines if line.startswith(b"data:")]
    assert json.loads(ends[-1].removeprefix(b"data: ")) == {"status": "canceled"}


def test_metrics(farm: Farm, arch_task: int) -> None:
    assert arch_task
    text = get(farm, "/metrics").text
    assert 'koji_adjutant_tasks_finished_total{method="buildArch",status="closed"}' in text
    assert 'koji_adjutant_phase_seconds_bucket{le="+Inf",method="buildArch",stage="rpmbuild"}' in text
    # which of them depends on how busy this machine is
    assert len(re.findall(r'koji_adjutant_status\{status="(?:healthy|degraded)"\} 1\.0', text)) == 1
