"""What the operator's commands say of a real worker's tasks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman


def adjutant(farm: Farm, command: str, *words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "koji_adjutant.cli", command, "-c", str(farm.directory / "kojid.conf")]
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
    told = status(farm, failed)
    assert told["status"] == "failed"
    assert told["failure"]["failure_class"] == "build"
    assert "unknown type name" in told["failure"]["message"]
    assert next(phase["name"] for phase in told["phases"]) == "chroot init"
    assert {container["status"] for container in told["containers"]} == {"removed"}
    assert "about to fail" in adjutant(farm, "logs", failed).stdout
    # it has ended: nothing more is waited for
    assert "about to fail" in adjutant(farm, "logs", failed, "-f", "--name", "build.log").stdout


def test_a_shell_in_the_tag_s_latest_repo(farm: Farm, failed: int) -> None:  # which made sure of a repo
    result = adjutant(farm, "shell", farm.build_tag, "--", "rpm", "-q", "--queryformat", "%{NAME}\n", "gcc")
    assert (result.returncode, result.stdout) == (0, "gcc\n"), result.stderr


def test_tidying_up_beside_the_worker(farm: Farm) -> None:
    name = unique("slow")
    build = farm.build(farm.publish(name, package(name)))
    result = adjutant(farm, "gc")
    assert result.returncode == 0, result.stderr
    assert farm.finished(build) == "CLOSED"
