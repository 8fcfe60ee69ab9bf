"""Packages of different kinds through the whole path: a chain of builds, and what fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import koji
import pytest

from tests.hub.client import Client
from tests.hub.farm import Farm
from tests.hub.faults import stock_words
from tests.hub.source_trees import source_tree

pytestmark = pytest.mark.podman

GREET, SCRIPTS, GREETER = "greet", "greet-scripts", "greeter"


@dataclass(frozen=True)
class Chain:
    """A chain build that succeeded: its task, subtasks by label, and builds by package."""

    task: int
    children: dict[str, dict[str, Any]]
    builds: dict[str, dict[str, Any]]

    def arch_result(self, farm: Farm, package: str, arch: str = "x86_64") -> Any:
        child = farm.children(self.builds[package]["task_id"])[arch]
        return farm.admin.getTaskResult(child["id"])


@pytest.fixture(scope="module")
def chain(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """``koji chain-build``: a library and a script side by side, then what needs the library."""
    urls = {name: publish(farm, name) for name in (GREET, SCRIPTS, GREETER)}
    client = Client(farm.hub, farm.hub.admin, tmp_path_factory.mktemp("client"))
    output = client("chain-build", "--nowait", farm.target, urls[GREET], urls[SCRIPTS], ":", urls[GREETER])
    task = int(re.findall(r"Created task: (\d+)", output)[0])
    assert farm.closed(task) is None
    children = {child["label"]: child for child in farm.admin.getTaskChildren(task)}
    builds = {build["name"]: build for build in farm.admin.listTagged(farm.tag) if build["name"] in urls}
    return Chain(task, children, builds)


def publish(farm: Farm, name: str) -> str:
    return farm.publish(name, source_tree(name))


def arches(farm: Farm, build: dict[str, Any]) -> set[tuple[str, str]]:
    return {(rpm["name"], rpm["arch"]) for rpm in farm.admin.listBuildRPMs(build["nvr"])}


def build_log(farm: Farm, build: dict[str, Any], arch: str) -> bytes:
    child = farm.children(build["task_id"])[arch]["id"]
    return bytes(farm.admin.downloadTaskOutput(child, "build.log"))


def test_subtasks(chain: Chain) -> None:
    """Labels, methods and arguments are a stock builder's."""
    assert {label: child["method"] for label, child in chain.children.items()} == {
        "build 0,0": "build",
        "build 0,1": "build",
        "wait 1": "waitrepo",
        "build 1,0": "build",
    }
    assert {child["state"] for child in chain.children.values()} == {koji.TASK_STATES["CLOSED"]}
    assert set(chain.builds) == {GREET, SCRIPTS, GREETER}


def test_the_repo_was_waited_for_with_the_builds(farm: Farm, chain: Chain) -> None:
    tag, newer_than, nvrs = farm.admin.getTaskRequest(chain.children["wait 1"]["id"])[:3]
    assert (tag, newer_than) == (farm.build_tag, None)
    assert sorted(nvrs) == sorted(chain.builds[name]["nvr"] for name in (GREET, SCRIPTS))


def test_subpackages_and_debuginfo(farm: Farm, chain: Chain) -> None:
    assert arches(farm, chain.builds[GREET]) == {
        (GREET, "src"),
        (GREET, "x86_64"),
        ("greet-devel", "x86_64"),
        ("greet-doc", "noarch"),
        ("greet-debuginfo", "x86_64"),
        ("greet-debugsource", "x86_64"),
    }
    result = chain.arch_result(farm, GREET)
    assert any(log.endswith("/noarch_rpmdiff.json") for log in result["logs"])


def test_an_epoch(farm: Farm, chain: Chain) -> None:
    assert chain.builds[GREET]["epoch"] == 3
    assert {rpm["epoch"] for rpm in farm.admin.listBuildRPMs(chain.builds[GREET]["nvr"])} == {3}


def test_a_noarch_package_of_scripts(farm: Farm, chain: Chain) -> None:
    assert arches(farm, chain.builds[SCRIPTS]) == {(SCRIPTS, "src"), (SCRIPTS, "noarch")}
    assert "good day, Zoë".encode() in build_log(farm, chain.builds[SCRIPTS], "noarch")


def test_log_output_that_is_not_ascii(farm: Farm, chain: Chain) -> None:
    log = build_log(farm, chain.builds[GREET], "x86_64")
    assert "grüße.c  # by Zoë Brontë, 名前\n".encode() in log
    assert b"by Andr\xe9\n" in log
    assert b"checking whether the C compiler works... yes" in log


def test_what_was_built_before_is_in_the_buildroot(farm: Farm, chain: Chain) -> None:
    """An internal package: the hub knows whose it is; and it came for the build, with its dependencies."""
    root = chain.arch_result(farm, GREETER)["brootid"]
    listing = {rpm["name"]: rpm for rpm in farm.admin.listRPMs(componentBuildrootID=root)}
    assert {listing[name]["build_id"] for name in (GREET, "greet-devel")} == {chain.builds[GREET]["build_id"]}
    assert {listing[name]["external_repo_id"] for name in (GREET, "greet-devel")} == {0}
    assert all(listing[name]["is_update"] for name in (GREET, "greet-devel", "zlib1g-dev"))


def test_dynamic_requirements_in_two_rounds(farm: Farm, chain: Chain) -> None:
    log = build_log(farm, chain.builds[GREETER], "x86_64").decode()
    assert (log.count("rpmbuild -br --noclean"), log.count("rpmbuild -br --noprep --noclean")) == (1, 2)
    (srpm,) = chain.arch_result(farm, GREETER)["srpms"]
    requires = farm.header(srpm, "[%{REQUIRENAME}\n]").splitlines()
    assert {"greet-devel", "zlib-devel", "rpmlib(DynamicBuildRequires)"} <= set(requires)
    assert "buildreqs.nosrc" not in " ".join(chain.arch_result(farm, GREETER)["rpms"])


def test_a_chain_stops_where_a_build_fails(farm: Farm) -> None:
    """And a chain may wait for builds that exist, named by N-V-R."""
    failing = publish(farm, "hasty")
    task = int(farm.admin.chainBuild([[failing], [failing]], farm.target, {}))
    error = farm.failure(task)
    assert error.faultCode == koji.BuildError.faultCode
    assert "error building package (arch noarch)" in str(error)
    children = {child["label"]: child for child in farm.admin.getTaskChildren(task)}
    assert set(children) == {"build 0,0"}
    log = farm.log(farm.children(children["build 0,0"]["id"])["noarch"]["id"], "build.log")
    assert "expected: Zoë, got: nobody" in log
    assert "error: Bad exit status from" in log
    assert "(%check)" in log


def test_a_chain_with_an_existing_build(farm: Farm, chain: Chain) -> None:
    name = "again"
    spec = source_tree(SCRIPTS)[f"{SCRIPTS}.spec"].replace("Name: greet-scripts", f"Name: {name}")
    files = source_tree(SCRIPTS) | {f"{name}.spec": spec}
    del files[f"{SCRIPTS}.spec"]
    url = farm.publish(name, files)
    task = int(farm.admin.chainBuild([[chain.builds[GREET]["nvr"]], [url]], farm.target, {"skip_tag": True}))
    assert farm.closed(task) is None
    children = {child["label"]: child for child in farm.admin.getTaskChildren(task)}
    assert {label: child["method"] for label, child in children.items()} == {
        "wait 1": "waitrepo",
        "build 1,0": "build",
    }


@pytest.mark.parametrize(
    ("target", "opts", "sentence"),
    [
        (None, {"scratch": True}, "--scratch is not allowed with chain-builds"),
        ("no-such-target", {}, "unknown build target: no-such-target"),
    ],
)
def test_mistakes(farm: Farm, target: str | None, opts: dict[str, Any], sentence: str) -> None:
    error = farm.failure(int(farm.admin.chainBuild([["git://x/y#z"]], target or farm.target, opts)))
    assert stock_words(error) == sentence
