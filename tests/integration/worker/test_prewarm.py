"""A worker that makes roots ready: with a hub, builds and new repos."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from tests.hub.builder import ARCH
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.own_farm import own_farm
from tests.hub.packages import package
from tests.support.waiting import until

TELL_PRIORITY = "\n%post\nread -r line < /proc/self/stat\necho $line > /priority\n"
LAST_FOR_EVER = "\n%post\nread -r line < /proc/self/stat\nsleep infinity\n"


@pytest.fixture(scope="module")
def farm(
    tmp_path_factory: pytest.TempPathFactory, engine: PodmanManager, tool_image: str, state_dir: Path
) -> Iterator[Farm]:
    """A hub with one worker, which makes roots ready."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KOJI_ADJUTANT_PREWARM", "true")
        with own_farm(tmp_path_factory.mktemp("prewarm"), engine, state_dir, tool_image) as farm:
            yield farm


@pytest.fixture(scope="module")
def build(farm: Farm) -> int:
    """A build, so that the tag is one of late."""
    name = unique("greeter")
    return built(farm, name, package(name))


def built(farm: Farm, name: str, files: dict[str, str]) -> int:
    """A build that went well."""
    task = farm.build(farm.publish(name, files))
    farm.closed(task)
    return task


def into_build_group(farm: Farm, script: str) -> str:
    """A new package with this script is in every buildroot from now on, by a new repo; its name."""
    name = unique("member")
    # no program from a compiler: those of two packages would have the same build id, and conflict
    built(farm, name, package(name, build="echo true > hello", tags=f"Requires(post): coreutils\n{script}"))
    farm.admin.groupPackageListAdd(farm.build_tag, "build", name)
    wait_for_repo(farm)
    return name


def root_with(farm: Farm, name: str) -> Path | None:
    """The root in the store that has the package's program."""
    return next((farm.state / "roots" / "entries").glob(f"*/root/usr/bin/{name}"), None)


def containers(farm: Farm) -> list[str]:
    """The owners of containers that install packages for no task."""
    found = [
        container.labels for container in farm.engine.list_containers({f"{LABEL_PREFIX}role": "install"})
    ]
    owners = [labels[f"{LABEL_PREFIX}task_id"] for labels in found]
    workdir = farm.directory / "work"
    return [owner for owner in owners if (workdir / owner).is_dir()]


def composed(farm: Farm) -> float:
    """How many roots the worker says that it has composed while it was idle."""
    metrics = requests.get(f"http://{farm.dashboard}/metrics", timeout=60).text
    counts = [
        line.split()[1] for line in metrics.splitlines() if 'roots_made_ready_total{result="composed"' in line
    ]
    return float(counts[0]) if counts else 0.0


def test_a_new_root_is_there_before_a_build_wants_it(farm: Farm, build: int) -> None:
    before = composed(farm)
    name = into_build_group(farm, TELL_PRIORITY)
    builds = len(farm.admin.listTasks({"method": "buildArch"}))
    program = until(lambda: root_with(farm, name), f"a root with {name}\n{farm.log_tail()}")
    root = program.parents[2]
    assert len(farm.admin.listTasks({"method": "buildArch"})) == builds
    # the nineteenth field, of a process of the package's script
    assert (root / "priority").read_text().rpartition(")")[2].split()[16] == "19"
    until(lambda: composed(farm) == before + 1, "it is counted")

    name = unique("greeter")
    arch_task = farm.children(built(farm, name, package(name)))[ARCH]["id"]
    assert f"Root {root.parent.name} found in the store\n" in farm.log(arch_task, "root.log")
    log = (farm.directory / "task-logs" / "prewarm.log").read_text()
    assert f"Root {root.parent.name} composed\n" in log
    assert f"build of {farm.build_tag}, {ARCH}, repo " in log
    store = RootStore(farm.state / "roots")
    store.remove(root.parent.name)  # no later run wants it, and it is large
    store.sweep()


def test_a_task_has_precedence_and_nothing_is_left_of_a_killed_process(farm: Farm, build: int) -> None:
    member = into_build_group(farm, LAST_FOR_EVER)
    (first,) = until(lambda: containers(farm), f"a root is being composed\n{farm.log_tail()}")
    farm.closed(farm.worker_task("sleep", 0))
    until(lambda: first not in containers(farm), "it has given way to the task")
    (second,) = until(lambda: containers(farm), f"it is tried again\n{farm.log_tail()}")
    assert second != first

    os.kill(int(second.removeprefix("idle-")), signal.SIGKILL)
    label = {f"{LABEL_PREFIX}task_id": second}
    until(lambda: not farm.engine.list_containers(label), f"its container is removed\n{farm.log_tail()}")
    until(lambda: not list((farm.directory / "work").glob("idle-*")), "its directory is removed")
    assert root_with(farm, member) is None
