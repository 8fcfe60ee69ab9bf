"""What the operator's commands say of a real worker's tasks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman


def adjutant(
    farm: Farm, command: str, *words: object, configuration: Path | None = None
) -> subprocess.CompletedProcess[str]:
    configuration = configuration or farm.directory / "kojid.conf"
    line = [sys.executable, "-m", "koji_adjutant.cli", command, "-c", str(configuration)]
    return subprocess.run([*line, *map(str, words)], capture_output=True, text=True, check=False)


def status(farm: Farm, *words: object) -> Any:
    result = adjutant(farm, "status", "--json", *words)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def failed(farm: Farm) -> int:
    """A buildArch task that failed in %build."""
    name = unique("broken")
    url = farm.publish(name, package(name, build="echo about to fail; echo 'in x;' > x.c; gcc -c x.c"))
    build = farm.build(url)
    farm.failure(build)
    return int(farm.children(build)["x86_64"]["id"])


def test_a_build_that_failed(farm: Farm, failed: int) -> None:
    assert failed in [task["task_id"] for task in status(farm, "--recent", 50)["recent"]]
    reported = status(farm, failed)
    assert reported["status"] == "failed"
    assert reported["failure"]["failure_class"] == "build"
    assert "unknown type name" in reported["failure"]["message"]
    assert next(phase["name"] for phase in reported["phases"]) == "chroot init"
    assert {container["status"] for container in reported["containers"]} == {"removed"}
    assert "about to fail" in adjutant(farm, "logs", failed).stdout
    # it has ended: nothing more is waited for
    assert "about to fail" in adjutant(farm, "logs", failed, "-f", "--name", "build.log").stdout


def test_a_shell_in_the_tag_s_latest_repo(farm: Farm, failed: int) -> None:  # which made sure of a repo
    result = adjutant(farm, "shell", farm.build_tag, "--", "rpm", "-q", "--queryformat", "%{NAME}\n", "gcc")
    assert (result.returncode, result.stdout) == (0, "gcc\n"), result.stderr


def test_the_failed_build_once_more(farm: Farm, failed: int) -> None:
    result = adjutant(
        farm, "replay", failed, "--", "bash", "-c", "rpmbuild -bb build/SPECS/*.spec; echo status $?"
    )
    assert result.returncode == 0, result.stderr
    assert "about to fail" in result.stdout
    assert "unknown type name" in result.stderr
    assert result.stdout.endswith("status 1\n")


def test_replay_on_another_machine(farm: Farm, failed: int, tmp_path: Path) -> None:
    """Where there are no logs of the task, its lock comes from the hub."""
    text = (farm.directory / "kojid.conf").read_text()
    (tmp_path / "kojid.conf").write_text(
        text.replace(str(farm.directory / "task-logs"), str(tmp_path / "task-logs"))
    )
    words = ("--step", "buildrequires", "--", "rpm", "-q", "--queryformat", "%{NAME}", "gcc")
    result = adjutant(farm, "replay", failed, *words, configuration=tmp_path / "kojid.conf")
    assert (result.returncode, result.stdout) == (0, "gcc"), result.stderr


def test_replay_of_a_task_without_a_buildroot(farm: Farm, failed: int) -> None:
    parent = farm.admin.getTaskInfo(failed)["parent"]
    result = adjutant(farm, "replay", parent)
    assert result.returncode == 1
    assert f"Task {parent} had no buildroot of its own; its subtasks have: " in result.stderr
    assert f"{failed} (buildArch, x86_64)" in result.stderr
    result = adjutant(farm, "replay", 2_000_000_000)
    assert result.returncode == 1
    assert "The hub says of task 2000000000: " in result.stderr


def test_tidying_up_beside_the_worker(farm: Farm) -> None:
    name = unique("slow")
    build = farm.build(farm.publish(name, package(name)))
    result = adjutant(farm, "gc")
    assert result.returncode == 0, result.stderr
    assert farm.finished(build) == "CLOSED"
