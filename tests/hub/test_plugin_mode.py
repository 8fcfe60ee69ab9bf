"""Our adapters as a plugin of a stock kojid."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

import koji_adjutant.kojid_plugin
from tests.hub.builder import ARCH, Builder
from tests.hub.client import Client
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.podman

CONFIGURATION = """\
[kojid]
server = {hub.url}
topurl = {hub.files_url}
topdir = {hub.topdir}
workdir = {directory}/work
mockdir = {directory}
user = {hub.other_builder.name}
password = {hub.other_builder.password}
sleeptime = 1
minspace = 1
allowed_scms = 127.0.0.1*:/*:no:make,sources
plugin = adjutant
pluginpath = {plugin}
"""

ADJUTANT = """\
[adjutant]
state_dir = {state}
log_dir = {directory}/task-logs
network_mode = host
"""


STOCK_KOJID = "ADJUTANT_TEST_STOCK_KOJID"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stock")


@pytest.fixture(scope="module", autouse=True)
def stock(farm: Farm, directory: Path) -> Iterator[int]:
    """The id of another host of the hub, where a kojid with the plugin runs."""
    plugin = Path(koji_adjutant.kojid_plugin.__path__[0])
    values: dict[str, Any] = {**vars(farm), "directory": directory, "plugin": plugin}
    (directory / "work").mkdir()
    (directory / "kojid.conf").write_text(CONFIGURATION.format(**values))
    (directory / "adjutant.conf").write_text(ADJUTANT.format(**values))
    environment = os.environ | {"KOJI_ADJUTANT_CONFIG": str(directory / "adjutant.conf")}
    with (directory / "kojid.log").open("wb") as log:
        command = [*kojid(), "-c", str(directory / "kojid.conf"), "-f", "--force-lock", "-v"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield int(farm.admin.getHost(farm.hub.other_builder.name)["id"])
        assert process.poll() is None, (directory / "kojid.log").read_text()
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def kojid() -> list[str]:
    """The stock one if the environment names it, else koji's own task manager without kojid's handlers."""
    if STOCK_KOJID in os.environ:
        return shlex.split(os.environ[STOCK_KOJID])
    return [sys.executable, "-m", "tests.hub.stock_kojid"]


def done_in_containers(farm: Farm, task: int) -> bool:
    return "container.log" in farm.admin.listTaskOutput(task) and farm.containers(task) == []


def test_source_and_binary_packages(farm: Farm, stock: int) -> None:
    name = unique("plugged")
    url = farm.publish(name, package(name))
    options = {"repo_id": wait_for_repo(farm)}
    arguments: list[Any] = [url, farm.build_tag, options]
    task = farm.admin.makeTask("buildSRPMFromSCM", arguments, assign=stock, arch="noarch")
    srpm = farm.closed(task)["srpm"]
    assert farm.header(srpm, "%{NAME}") == name
    assert done_in_containers(farm, task)

    task = farm.admin.makeTask("rebuildSRPM", [srpm, farm.build_tag, options], assign=stock, arch="noarch")
    assert farm.header(farm.closed(task)["srpm"], "%{NAME}") == name
    assert done_in_containers(farm, task)

    arguments = [srpm, farm.build_tag, ARCH, True, options]
    task = farm.admin.makeTask("buildArch", arguments, assign=stock, arch=ARCH)
    (rpm,) = farm.closed(task)["rpms"]
    assert farm.header(rpm, "%{NAME}.%{ARCH}") == f"{name}.{ARCH}"
    assert done_in_containers(farm, task)


def test_a_repository(farm: Farm, stock: int, builder: Builder) -> None:
    new_repo = builder.open_task("newRepo", [farm.build_tag])
    repo, event = builder.session.host.repoInit(farm.build_tag, task_id=new_repo)
    task = farm.admin.makeTask("createrepo", [repo, ARCH, None], assign=stock, arch="noarch")
    uploaded = farm.closed(task)
    assert "repomd.xml" in uploaded[1]
    assert done_in_containers(farm, task)
    builder.session.host.repoDone(repo, {ARCH: uploaded})
    builder.close(new_repo, [repo, event])
    assert farm.admin.repoInfo(repo)["state"] == koji.REPO_READY


@pytest.mark.skipif(STOCK_KOJID not in os.environ, reason=f"{STOCK_KOJID} names no stock kojid")
def test_a_whole_build(farm: Farm, stock: int, tmp_path: Path) -> None:
    """kojid coordinates, our adapters build. A channel of its own keeps our daemon out of it."""
    name, channel = unique("plugged"), unique("stock")
    url = farm.publish(name, package(name))
    host = farm.hub.other_builder.name
    farm.admin.addHostToChannel(host, channel, create=True)
    task = farm.admin.build(url, farm.target, {}, channel=channel)
    assert farm.closed(task) is None
    farm.admin.removeHostFromChannel(host, channel)
    children = farm.children(task)
    assert {child["host_id"] for child in children.values()} == {stock}
    assert all(done_in_containers(farm, children[label]["id"]) for label in ("srpm", ARCH))
    (build,) = farm.admin.listTagged(farm.tag, package=name)
    Client(farm.hub, farm.hub.admin, tmp_path)("download-build", "--noprogress", build["nvr"])
    assert (tmp_path / f"{build['nvr']}.{ARCH}.rpm").is_file()
