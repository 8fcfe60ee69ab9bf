"""Our adapters as a plugin of a stock kojid."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import koji_adjutant.kojid_plugin
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package

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
minspace = 512
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


@pytest.fixture
def stock(farm: Farm, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another host of the hub, with koji's own task manager and the plugin."""
    plugin = Path(koji_adjutant.kojid_plugin.__path__[0])
    values: dict[str, Any] = {**vars(farm), "directory": tmp_path, "plugin": plugin}
    (tmp_path / "work").mkdir()
    (tmp_path / "kojid.conf").write_text(CONFIGURATION.format(**values))
    (tmp_path / "adjutant.conf").write_text(ADJUTANT.format(**values))
    environment = os.environ | {"KOJI_ADJUTANT_CONFIG": str(tmp_path / "adjutant.conf")}
    with (tmp_path / "kojid.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.hub.stock_kojid", str(tmp_path / "kojid.conf")]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_stock_kojid_makes_a_source_package_through_our_adapter(
    farm: Farm, stock: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    name = unique("plugged")
    url = farm.publish(name, package(name))
    host = farm.admin.getHost(farm.hub.other_builder.name)["id"]
    options = {"repo_id": wait_for_repo(farm)}
    task = farm.admin.makeTask("buildSRPMFromSCM", [url, farm.build_tag, options], assign=host, arch="noarch")
    result = farm.closed(task)
    assert stock.poll() is None, (tmp_path / "kojid.log").read_text()
    assert farm.header(result["srpm"], "%{NAME}") == name
    assert "container.log" in farm.admin.listTaskOutput(task)
    assert farm.containers(task) == []
