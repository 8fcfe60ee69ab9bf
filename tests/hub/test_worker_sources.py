"""Other ways to build: from an SRPM, from svn and cvs, without a record (scratch), with a given repo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import pytest
import requests

from koji_adjutant.buildroot.files.removal import remove_tree
from tests.hub.client import Client
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.rpms import Rpm, RpmMaker
from tests.hub.wire import TIMEOUT
from tests.support.git_daemon import git_daemon
from tests.support.scm_servers import reachable_directory, serve_cvs, serve_svn
from tests.support.trees import DEEP, bury, deep_place
from tests.support.waiting import until

__all__ = ["deep_place"]

pytestmark = pytest.mark.podman


@pytest.fixture
def client(farm: Farm, tmp_path: Path) -> Client:
    return Client(farm.hub, farm.hub.admin, tmp_path)


@pytest.fixture
def srpm(farm: Farm, rpms: RpmMaker) -> Rpm:
    """A source package that the destination tag lists."""
    made = rpms.make().srpm
    farm.admin.packageListAdd(farm.tag, made.name, owner=farm.hub.admin.name)
    return made


def children(farm: Farm, task: int) -> dict[str, Any]:
    return {label: farm.admin.getTaskResult(child["id"]) for label, child in farm.children(task).items()}


def test_an_srpm(farm: Farm, client: Client, srpm: Rpm) -> None:
    """``koji build`` as a person sees it: it watches the task and succeeds."""
    output = client("build", "--wait", "--noprogress", farm.target, srpm.path)
    assert "rebuildSRPM" in output
    assert "completed successfully" in output
    (build,) = farm.admin.listTagged(farm.tag, package=srpm.name)
    result = children(farm, build["task_id"])["srpm"]
    assert set(result) == {"srpm", "logs", "brootid", "source"}
    assert result["source"] == {"source": srpm.path.name, "url": srpm.path.name}
    assert farm.admin.getBuild(build["build_id"])["source"] == srpm.path.name


def source_package(farm: Farm, url: str, name: str) -> None:
    """Have the SRPM made from a URL, which stays as it is, and compare the result with kojid's."""
    options = {"repo_id": wait_for_repo(farm), "scratch": True}
    task = farm.worker_task("buildSRPMFromSCM", url, farm.build_tag, options)
    result = farm.closed(task)
    assert set(result) == {"srpm", "logs", "brootid", "source"}
    assert result["source"] == {"source": url, "url": url}
    assert result["srpm"].rsplit("/", 1)[1].startswith(f"{name}-1.0-1")
    assert farm.header(result["srpm"], "%{NAME}") == name
    logs = {log.rsplit("/", 1)[1] for log in result["logs"]}
    assert {"checkout.log", "build.log", "root.log", "state.log"} <= logs
    assert farm.admin.getBuildroot(result["brootid"])["task_id"] == task


def test_sources_from_svn(farm: Farm) -> None:
    name = unique("svn")
    with reachable_directory() as directory, serve_svn(directory) as svn:
        svn.commit("repo", {f"trunk/{name}/{file}": text for file, text in package(name).items()})
        source_package(farm, svn.url("repo", f"trunk/{name}", "HEAD"), name)
        task = farm.worker_task(
            "buildSRPMFromSCM", svn.url("repo", "none", 1), farm.build_tag, {"repo_id": wait_for_repo(farm)}
        )
        error = farm.failure(task)
    assert error.faultCode == koji.BuildError.faultCode
    assert 'Error running SVN command "svn checkout' in str(error)
    assert "see checkout.log for details" in str(error)
    assert "doesn't exist" in farm.log(task, "checkout.log")


@pytest.fixture
def _nothing_deep_is_left(farm: Farm) -> Iterator[None]:
    """Leave no tree that pytest could not remove: the worker removes a task's, and keeps a failed one's."""
    yield
    work = farm.directory / "work"
    until(lambda: not any(work.glob("tasks/*/*/work/home/*/*/d")), "the worker removes what the task had")
    for tree in work.glob("failed/kept/*/builddir/*/*/d"):
        remove_tree(tree)


@pytest.mark.usefixtures("_nothing_deep_is_left")
def test_sources_that_are_deeper_than_pythons_stack(farm: Farm, deep_place: Path) -> None:
    name = unique("deep")
    with git_daemon(deep_place) as server:
        server.commit(name, package(name))
        bury(deep_place / name)
        commit = server.commit(name, {str(Path(*["d"] * DEEP, "file")): "content"})
        source_package(farm, server.url(name, commit).replace("?", ""), name)


def test_sources_from_cvs(farm: Farm) -> None:
    name = unique("cvs")
    with reachable_directory() as directory, serve_cvs(directory) as cvs:
        cvs.commit(name, package(name), "TAG_1")
        source_package(farm, cvs.url(name, "TAG_1"), name)


def test_scratch(farm: Farm) -> None:
    name = unique("scratch")
    task = farm.build(farm.git.publish(name, package(name)), scratch=True)
    assert farm.closed(task) is None
    assert set(farm.children(task)) == {"srpm", "x86_64"}
    assert farm.admin.getBuild(f"{name}-1.0-1") is None
    assert farm.admin.listTagged(farm.tag, package=name) == []
    path = children(farm, task)["x86_64"]["rpms"][0].rsplit("/", 1)[1]
    url = f"{farm.hub.files_url}/scratch/{farm.hub.admin.name}/task_{task}/{path}"
    assert requests.get(url, timeout=TIMEOUT).ok


def test_skip_tag(farm: Farm) -> None:
    name = unique("untagged")
    task = farm.build(farm.git.publish(name, package(name)), skip_tag=True)
    assert farm.closed(task) is None
    assert set(farm.children(task)) == {"srpm", "x86_64"}
    assert farm.admin.listTagged(farm.tag, package=name) == []


def test_a_given_repo(farm: Farm) -> None:
    name, repo = unique("hello"), wait_for_repo(farm)
    task = farm.build(farm.git.publish(name, package(name)), repo_id=repo, scratch=True)
    assert farm.closed(task) is None
    root = children(farm, task)["x86_64"]["brootid"]
    assert farm.admin.getBuildroot(root)["repo_id"] == repo


def test_a_draft_with_metadata_that_waits_for_a_build(farm: Farm, client: Client) -> None:
    """``koji build --draft --wait-build --custom-user-metadata``."""
    needed, name = unique("needed"), unique("draft")
    assert farm.closed(farm.build(farm.publish(needed, package(needed)))) is None
    (first,) = farm.admin.listTagged(farm.tag, package=needed)
    url = farm.publish(name, package(name, tags=f"BuildRequires: {needed}"))
    options = ("--draft", "--wait-build", first["nvr"], "--custom-user-metadata", '{"ticket": 7}')
    output = client("build", "--wait", "--noprogress", *options, farm.target, url)
    assert "completed successfully" in output
    (build,) = (farm.admin.getBuild(one["build_id"]) for one in farm.admin.listBuilds(packageID=name))
    assert (build["draft"], build["release"].endswith(f",draft_{build['id']}")) == (True, True)
    assert build["extra"] == {"source": {"original_url": url}, "custom_user_metadata": {"ticket": 7}}
    root = children(farm, build["task_id"])["x86_64"]["brootid"]
    listed = {rpm["name"]: rpm["build_id"] for rpm in farm.admin.listRPMs(componentBuildrootID=root)}
    assert listed[needed] == first["build_id"]


def test_metadata_that_is_none(farm: Farm) -> None:
    error = farm.failure(farm.build("git://x/y#z", custom_user_metadata=["ticket"]))
    assert error.faultCode == koji.BuildError.faultCode
    assert str(error).splitlines()[0] == "custom_user_metadata must be serializable to a JSON object"


def test_a_noarch_package(farm: Farm) -> None:
    name = unique("noarch")
    task = farm.build(farm.publish(name, package(name, tags="BuildArch: noarch", build="cp hello.c hello")))
    assert farm.closed(task) is None
    result = children(farm, task)["noarch"]
    assert any(log.endswith("/noarch_rpmdiff.json") for log in result["logs"])
    (build,) = farm.admin.listTagged(farm.tag, package=name)
    assert {rpm["arch"] for rpm in farm.admin.listBuildRPMs(build["build_id"])} == {"src", "noarch"}


def test_macros_and_environment_of_the_tag(farm: Farm) -> None:
    extra = {
        "rpm.macro.vendor": "Somebody Else",
        "rpm.macro.greeting": "good day",
        "rpm.env.GREETING": "hi there",
    }
    farm.admin.editTag2(farm.build_tag, extra=extra)
    try:
        name = unique("macros")
        build = 'test "%{greeting}" = "good day"\ntest "$GREETING" = "hi there"\ngcc -o hello hello.c'
        task = farm.build(farm.git.publish(name, package(name, build=build)), scratch=True, wait_repo=True)
        assert farm.closed(task) is None
    finally:
        farm.admin.editTag2(farm.build_tag, remove_extra=list(extra))
    (rpm,) = children(farm, task)["x86_64"]["rpms"]
    assert farm.header(rpm, "%{VENDOR}") == "Somebody Else"


def test_the_build_environment(farm: Farm) -> None:
    """What mock promises a package: its user, its home, no network, the architecture's macros."""
    checks = (
        'test "$(id -un)" = mockbuild',
        'test "$HOME" = /builddir',
        'test "%{_topdir}" = /builddir/build',
        'test "%{_host_cpu}" = x86_64',
        'test "%{_host}" = x86_64-koji-linux-gnu',
        # rpm has a directory of its own for each package since 4.20
        'test "$(pwd -P | cut -d/ -f1-4)" = /builddir/build/BUILD',
        "test ! -w /usr/bin",
        "! (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null",
        "gcc -o hello hello.c",
    )
    port = farm.git.authority.split(":")[1]
    name = unique("environment")
    build = "set -e\n" + "\n".join(check.replace("{port}", port) for check in checks)
    task = farm.build(farm.git.publish(name, package(name, build=build)), scratch=True)
    assert farm.finished(task) == "CLOSED", farm.log(farm.children(task)["x86_64"]["id"], "build.log")


def test_the_source_command_has_the_network(farm: Farm) -> None:
    name = unique("sources")
    makefile = (
        f"sources:\n\tgit ls-remote git://{farm.git.authority}/{name} > downloaded\n\ttest -s downloaded\n"
    )
    files = package(name, tags="Source1: downloaded") | {"Makefile": makefile}
    assert farm.closed(farm.build(farm.git.publish(name, files), scratch=True)) is None


def test_the_task_is_the_owners(farm: Farm, user: Any) -> None:
    name = unique("hello")
    url = farm.publish(name, package(name))
    task = user.build(url, farm.target, {})
    assert farm.closed(task) is None
    (build,) = farm.admin.listTagged(farm.tag, package=name)
    assert build["owner_name"] == farm.hub.user.name
    assert koji.TASK_STATES[farm.admin.getTaskInfo(task)["state"]] == "CLOSED"
