"""One build from git, looked at from every side: tasks, results, logs, buildroots, the build's record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import koji
import pytest
import requests

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.wire import TIMEOUT

pytestmark = pytest.mark.podman

LOGS = {"build.log", "root.log", "state.log", "hw_info.log", "installed_pkgs.log"}


@dataclass(frozen=True)
class Built:
    """The build under examination."""

    name: str
    url: str
    task: int
    children: dict[str, dict[str, Any]]
    info: dict[str, Any]
    srpm_result: dict[str, Any]
    arch_result: dict[str, Any]

    @property
    def nvr(self) -> str:
        return str(self.info["nvr"])


@pytest.fixture(scope="module")
def built(farm: Farm) -> Built:
    name = unique("hello")
    url = farm.publish(name, package(name, tags="BuildRequires: gcc, popt-devel"))
    task = farm.build(url)
    assert farm.closed(task) is None
    children = farm.children(task)
    (info,) = farm.admin.listTagged(farm.tag, package=name)
    results = {label: farm.admin.getTaskResult(child["id"]) for label, child in children.items()}
    build = farm.admin.getBuild(info["nvr"], strict=True)
    return Built(name, url, task, children, build, results["srpm"], results["x86_64"])


def listing(farm: Farm, root: int) -> dict[str, dict[str, Any]]:
    return {rpm["name"]: rpm for rpm in farm.admin.listRPMs(componentBuildrootID=root)}


def test_subtasks(built: Built) -> None:
    methods = {label: child["method"] for label, child in built.children.items()}
    assert methods == {"srpm": "buildSRPMFromSCM", "x86_64": "buildArch", "tag": "tagBuild"}
    assert {child["state"] for child in built.children.values()} == {koji.TASK_STATES["CLOSED"]}
    arches = {label: child["arch"] for label, child in built.children.items()}
    assert arches == {"srpm": "noarch", "x86_64": "x86_64", "tag": "noarch"}


def test_result_of_the_srpm_task(built: Built) -> None:
    result, directory = built.srpm_result, koji.pathinfo.taskrelpath(built.children["srpm"]["id"])
    assert set(result) == {"srpm", "logs", "brootid", "source"}
    assert re.fullmatch(rf"{directory}/{built.name}-1\.0-1[^/]*\.src\.rpm", result["srpm"])
    assert {f"{directory}/{name}" for name in (LOGS - {"installed_pkgs.log"}) | {"checkout.log"}} <= set(
        result["logs"]
    )
    assert result["source"] == {"url": built.url, "source": built.url}


def test_result_of_the_arch_task(built: Built) -> None:
    result, directory = built.arch_result, koji.pathinfo.taskrelpath(built.children["x86_64"]["id"])
    assert set(result) == {"rpms", "srpms", "logs", "brootid"}
    assert result["rpms"] == [f"{directory}/{built.nvr}.x86_64.rpm"]
    assert result["srpms"] == [f"{directory}/{built.nvr}.src.rpm"]
    assert {f"{directory}/{name}" for name in LOGS} <= set(result["logs"])


def test_uploaded_files_are_those_of_the_result(farm: Farm, built: Built) -> None:
    for label, result in (("srpm", built.srpm_result), ("x86_64", built.arch_result)):
        task = built.children[label]["id"]
        claimed = [*result["logs"], *result.get("rpms", []), *result.get("srpms", [])]
        claimed += [result["srpm"]] if "srpm" in result else []
        assert sorted(farm.admin.listTaskOutput(task)) == sorted(path.rsplit("/", 1)[1] for path in claimed)


def test_the_record(farm: Farm, built: Built) -> None:
    info = built.info
    assert (info["state"], info["task_id"], info["package_name"]) == (
        koji.BUILD_STATES["COMPLETE"],
        built.task,
        built.name,
    )
    assert (info["version"], info["epoch"], info["owner_name"]) == ("1.0", None, farm.hub.admin.name)
    assert (info["source"], info["extra"]) == (built.url, {"source": {"original_url": built.url}})
    assert not info.get("draft")


def test_the_packages(farm: Farm, built: Built) -> None:
    rpms = {rpm["arch"]: rpm for rpm in farm.admin.listBuildRPMs(built.nvr)}
    assert set(rpms) == {"src", "x86_64"}
    assert {rpm["buildroot_id"] for rpm in rpms.values()} == {built.arch_result["brootid"]}


def test_who_made_the_packages(farm: Farm, built: Built) -> None:
    (rpm,), (srpm,) = built.arch_result["rpms"], built.arch_result["srpms"]
    assert farm.header(rpm, "%{SOURCERPM}") == f"{built.nvr}.src.rpm"
    for path in (rpm, srpm):
        assert farm.header(path, "%{PACKAGER}|%{VENDOR}|%{DISTRIBUTION}") == "Koji|Koji|Koji"


def test_logs_of_the_build(farm: Farm, built: Built) -> None:
    logs = farm.admin.getBuildLogs(built.nvr)
    assert {log["name"] for log in logs if log["dir"] == "x86_64"} >= LOGS
    path = {log["name"]: log["path"] for log in logs}["build.log"]
    text = requests.get(f"{farm.hub.files_url}/{path}", timeout=TIMEOUT).text
    assert "gcc -O2 -o hello hello.c" in text


def test_no_log_is_empty(farm: Farm, built: Built) -> None:
    for label in ("srpm", "x86_64"):
        files = farm.admin.listTaskOutput(built.children[label]["id"], stat=True)
        assert [name for name, stat in files.items() if int(stat["st_size"]) == 0] == []


def test_buildroots_are_expired(farm: Farm, built: Built) -> None:
    for result, label in ((built.srpm_result, "srpm"), (built.arch_result, "x86_64")):
        root = farm.admin.getBuildroot(result["brootid"], strict=True)
        assert (root["state"], root["arch"]) == (koji.BR_STATES["EXPIRED"], "x86_64")
        assert (root["task_id"], root["tag_name"]) == (built.children[label]["id"], farm.build_tag)
        assert root["host_name"] == farm.hub.worker.name


def test_every_package_in_a_buildroot_has_its_origin(farm: Farm, built: Built) -> None:
    for result in (built.srpm_result, built.arch_result):
        rpms = listing(farm, result["brootid"])
        assert len(rpms) > 50
        assert {rpm["external_repo_name"] for rpm in rpms.values()} == {farm.external}
        known_by = "[0-9a-f]{32}|sha3-256::[0-9a-f]{64}"  # the latter is of packages that rpm >= 6 made
        assert all(re.fullmatch(known_by, rpm["payloadhash"]) for rpm in rpms.values())
        assert not {"gpg-pubkey", "buildsys-build"} & set(rpms)


def test_which_packages_came_for_the_build(farm: Farm, built: Built) -> None:
    updates = {name for name, rpm in listing(farm, built.arch_result["brootid"]).items() if rpm["is_update"]}
    assert any("popt" in name for name in updates)
    assert "bash" not in updates
    assert not any(rpm["is_update"] for rpm in listing(farm, built.srpm_result["brootid"]).values())


def test_a_srpm_buildroot_has_no_compiler(farm: Farm, built: Built) -> None:
    assert "gcc" in listing(farm, built.arch_result["brootid"])
    assert "gcc" not in listing(farm, built.srpm_result["brootid"])


def test_installed_packages_log_is_the_listing(farm: Farm, built: Built) -> None:
    """Every package that installed_pkgs.log shows has been reported, and the other way round."""
    text = farm.log(built.children["x86_64"]["id"], "installed_pkgs.log")
    for name in listing(farm, built.arch_result["brootid"]):
        assert name in text


def test_no_container_is_left(farm: Farm, built: Built) -> None:
    for task in (built.task, *(child["id"] for child in built.children.values())):
        assert farm.containers(task) == []


def test_weights(farm: Farm, built: Built) -> None:
    weights = {label: child["weight"] for label, child in built.children.items()}
    assert weights == {"srpm": 1.0, "x86_64": 1.5, "tag": 1.0}
    assert farm.admin.getTaskInfo(built.task)["weight"] == pytest.approx(0.2)
