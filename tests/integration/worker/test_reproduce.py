"""A worker that does builds once more while it is idle: with a hub, builds, and verdicts that are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from tests.hub.builder import ARCH
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.own_farm import own_farm
from tests.hub.packages import COMPILE, package
from tests.support.waiting import until

LASTS_ONCE_MORE = f"test -d /srv/lent || sleep infinity\n{COMPILE}"
"""What is lent to builds is not lent to them once more."""
MOODY = "cat /proc/sys/kernel/random/uuid > hello"


@pytest.fixture(scope="module")
def farm(
    tmp_path_factory: pytest.TempPathFactory, engine: PodmanManager, tool_image: str, state_dir: Path
) -> Iterator[Farm]:
    directory = tmp_path_factory.mktemp("reproduce")
    lent = directory / "lent"
    lent.mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KOJI_ADJUTANT_REPRODUCE", "true")
        environment.setenv("KOJI_ADJUTANT_BUILD_MOUNTS", f"{lent}:/srv/lent:ro")
        with own_farm(directory, engine, state_dir, tool_image) as farm:
            yield farm


def built(farm: Farm, build: str) -> tuple[str, int]:
    """A package of this build; its name, and the task that made its RPM."""
    name = unique("again")
    task = farm.build(farm.publish(name, package(name, build=build)))
    farm.closed(task)
    return name, farm.children(task)[ARCH]["id"]


def reproduction(farm: Farm, task: int) -> dict[str, Any] | None:
    shown: dict[str, Any] = requests.get(f"http://{farm.dashboard}/api/v1/tasks/{task}", timeout=60).json()
    found: dict[str, Any] | None = shown["reproduction"]
    return found


def verdict(farm: Farm, task: int) -> dict[str, Any]:
    def given() -> dict[str, Any] | None:
        found = reproduction(farm, task)
        return found if found and found["verdict"] else None

    return until(given, f"task {task} has a verdict\n{farm.log_tail()}")


def identical(farm: Farm) -> float:
    """How many builds the worker has counted as identical, which outlives workers."""
    metrics = requests.get(f"http://{farm.dashboard}/metrics", timeout=60).text
    found = [
        line.split()[1]
        for line in metrics.splitlines()
        if line.startswith('koji_adjutant_builds_reproduced_total{verdict="identical"}')
    ]
    return float(found[0]) if found else 0.0


def test_a_build_that_comes_out_the_same(farm: Farm) -> None:
    before = identical(farm)
    name, task = built(farm, COMPILE)
    found = verdict(farm, task)
    assert found["verdict"] == "identical", found["words"]
    assert found["words"][0].startswith(f"same  {name}-1.0-1")
    assert found["words"][-1] == "1 of 1 packages came out the same"
    page = requests.get(f"http://{farm.dashboard}/tasks/{task}", timeout=60).text
    assert "identical" in page
    assert identical(farm) == before + 1


def test_what_a_build_takes_from_its_moment(farm: Farm) -> None:
    name, task = built(farm, MOODY)
    found = verdict(farm, task)
    assert found["verdict"] == "different"
    assert found["words"][0].startswith(f"DIFF  {name}-1.0-1")
    assert f"      /usr/bin/{name}: content, 37 → 37 bytes" in found["words"]


def test_a_task_has_precedence_and_a_build_is_not_tried_again_at_once(farm: Farm) -> None:
    _name, task = built(farm, LASTS_ONCE_MORE)
    (owner,) = until(lambda: owners(farm), f"it is built once more\n{farm.log_tail()}")
    farm.closed(farm.worker_task("sleep", 0))
    until(lambda: owner not in owners(farm), "it has given way to the task")
    verdict(farm, built(farm, COMPILE)[1])  # the next one has its turn
    found = reproduction(farm, task)
    assert found
    assert (found["tries"], found["verdict"], found["words"]) == (1, None, [])


def owners(farm: Farm) -> set[str]:
    """Whose containers build for no task."""
    found = farm.engine.list_containers({f"{LABEL_PREFIX}role": "build"})
    names = {container.labels[f"{LABEL_PREFIX}task_id"] for container in found}
    return {name for name in names if name.startswith("idle-")}
