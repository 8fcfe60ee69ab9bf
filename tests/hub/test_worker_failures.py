"""Builds that must fail: with a stock builder's fault, a sentence that helps, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.history import open_history
from koji_adjutant.monitoring.records import Task
from tests.hub.builder import ARCH, make_tag
from tests.hub.farm import Farm
from tests.hub.faults import stock_words
from tests.hub.names import unique
from tests.hub.packages import package
from tests.support.waiting import until

pytestmark = pytest.mark.podman

BUILD = koji.BuildError.faultCode
GENERIC = koji.GenericError.faultCode


@pytest.fixture
def name() -> str:
    return unique("bad")


def failed_child(farm: Farm, task: int, label: str) -> int:
    """The subtask whose error ended the task: both carry the same fault."""
    error, child = farm.failure(task), farm.children(task)[label]["id"]
    childs = farm.failure(child)
    assert (error.faultCode, str(error)) == (childs.faultCode, str(childs))
    assert farm.containers(child) == []
    return int(child)


def buildroots(farm: Farm, task: int) -> list[str]:
    return [koji.BR_STATES[root["state"]] for root in farm.admin.listBuildroots(taskID=task)]


def test_rpmbuild_fails(farm: Farm, name: str) -> None:
    task = farm.build(farm.publish(name, package(name, build="echo this is why; exit 3")))
    child = failed_child(farm, task, ARCH)
    error = farm.failure(child)
    assert error.faultCode == BUILD
    assert re.search(
        rf"error building package \(arch {ARCH}\), .*; see build\.log for more information$",
        str(error).splitlines()[0],
    )
    assert "\n\nWhy (build): in %build: the command failed and did not say why: exit 3\n" in str(error)
    assert "\n    this is why" in str(error)
    assert "this is why" in farm.log(child, "build.log")
    assert buildroots(farm, child) == ["EXPIRED"]
    (build,) = farm.admin.listBuilds(packageID=name)
    assert build["state"] == koji.BUILD_STATES["FAILED"]


def test_a_build_that_takes_too_much_of_the_disk(farm: Farm, name: str) -> None:
    """It is stopped, and waited for no longer."""
    files = package(name, build="head -c 2200M /dev/zero > big\nwhile :; do sleep 1000; done")
    child = failed_child(farm, farm.build(farm.publish(name, files)), ARCH)
    error = farm.failure(child)
    assert error.faultCode == BUILD
    assert re.match(
        rf"error building package \(arch {ARCH}\), mock exited with .*; see build\.log", str(error)
    )
    why = r"\n\nWhy \(disk\): the task used 2\.\d GiB of disk, more than disk_limit allows \(2\.0 GiB\)"
    assert re.search(why, str(error))
    assert "more than disk_limit allows" in farm.log(child, "root.log")


def test_the_packages_of_a_failed_build_are_listed(farm: Farm, name: str) -> None:
    task = farm.build(farm.publish(name, package(name, tags="BuildRequires: popt-devel", build="exit 1")))
    child = failed_child(farm, task, ARCH)
    (root,) = farm.admin.listBuildroots(taskID=child)
    updates = {
        rpm["name"] for rpm in farm.admin.listRPMs(componentBuildrootID=root["id"]) if rpm["is_update"]
    }
    assert any("popt" in update for update in updates)


def test_a_failed_build_can_be_tried_again(farm: Farm, name: str) -> None:
    farm.failure(farm.build(farm.publish(name, package(name, build="exit 1"))))
    again = unique("again")
    assert farm.closed(farm.build(farm.git.publish(again, package(name)))) is None
    (build,) = farm.admin.listBuilds(packageID=name)
    assert build["state"] == koji.BUILD_STATES["COMPLETE"]


def test_a_requirement_that_nothing_provides(farm: Farm, name: str) -> None:
    task = farm.build(farm.publish(name, package(name, tags="BuildRequires: no-such-library-devel >= 3")))
    child = failed_child(farm, task, ARCH)
    error = farm.failure(child)
    assert error.faultCode == BUILD
    assert "no-such-library-devel" in str(error) + farm.log(child, "root.log")
    assert "no-such-library-devel" in str(error)
    assert buildroots(farm, child) == ["EXPIRED"]


def test_no_spec_file(farm: Farm, name: str) -> None:
    child = failed_child(farm, farm.build(farm.publish(name, {"Makefile": "sources:\n"})), "srpm")
    error = farm.failure(child)
    assert (error.faultCode, "spec" in str(error).lower()) == (BUILD, True)
    assert buildroots(farm, child) == ["EXPIRED"]


def test_several_spec_files(farm: Farm, name: str) -> None:
    spec = package(name)[f"{name}.spec"]
    files = {"Makefile": "sources:\n", "one.spec": spec, "two.spec": spec}
    error = farm.failure(failed_child(farm, farm.build(farm.publish(name, files)), "srpm"))
    assert (error.faultCode, "spec" in str(error).lower()) == (BUILD, True)


def test_the_spec_file_named_like_the_repository(farm: Farm, name: str) -> None:
    files = package(name) | {"other.spec": "Name: other\n"}
    assert farm.closed(farm.build(farm.git.publish(name, files), scratch=True)) is None


def test_the_source_command_fails(farm: Farm, name: str) -> None:
    files = package(name) | {"Makefile": "sources:\n\techo no luck; exit 1\n"}
    child = failed_child(farm, farm.build(farm.publish(name, files)), "srpm")
    assert farm.failure(child).faultCode == BUILD
    assert "no luck" in "".join(
        farm.log(child, log) for log in farm.admin.listTaskOutput(child) if log.endswith(".log")
    )


def test_an_unknown_revision(farm: Farm, name: str) -> None:
    farm.publish(name, package(name))
    child = failed_child(farm, farm.build(farm.git.url(name, "0" * 40)), "srpm")
    error = farm.failure(child)
    assert error.faultCode in {BUILD, GENERIC}
    assert buildroots(farm, child) == ["EXPIRED"]


@pytest.mark.parametrize("url", ["git://elsewhere.invalid/x#abc", "git+https://127.1.2.3/x#abc"])
def test_a_host_that_is_not_allowed(farm: Farm, url: str) -> None:
    error = farm.failure(failed_child(farm, farm.build(url), "srpm"))
    assert (error.faultCode, "is not in the list of allowed SCMs" in str(error)) == (BUILD, True)


@pytest.mark.parametrize("revision", ["", "--upload-pack=touch /tmp/owned", "-x"])
def test_a_hostile_revision(farm: Farm, name: str, revision: str) -> None:
    farm.publish(name, package(name))
    error = farm.failure(farm.build(farm.git.url(name, revision)))
    assert error.faultCode in {BUILD, GENERIC}


@pytest.mark.parametrize("path", ["../other", "--upload-pack=x", "x/../../y"])
def test_a_hostile_path(farm: Farm, path: str) -> None:
    error = farm.failure(farm.build(f"git://{farm.git.authority}/{path}#abc"))
    assert error.faultCode in {BUILD, GENERIC}


def test_a_package_that_the_tag_does_not_list(farm: Farm, name: str) -> None:
    task = farm.build(farm.git.publish(name, package(name)))
    error = farm.failure(task)
    assert (error.faultCode, stock_words(error)) == (BUILD, f"package {name} not in list for tag {farm.tag}")
    assert set(farm.children(task)) == {"srpm"}


def test_a_build_that_exists(farm: Farm, name: str) -> None:
    url = farm.publish(name, package(name))
    assert farm.closed(farm.build(url)) is None
    error = farm.failure(farm.build(url))
    assert (error.faultCode, "Build already exists" in str(error)) == (GENERIC, True)


def test_an_unknown_target(farm: Farm) -> None:
    error = farm.failure(int(farm.admin.build("git://x/y#z", "no-such-target", {})))
    assert (error.faultCode, stock_words(error)) == (GENERIC, "unknown build target: no-such-target")


def test_an_srpm_that_is_not_there(farm: Farm) -> None:
    error = farm.failure(farm.build("cli-build/nowhere/missing-1-1.src.rpm"))
    assert (error.faultCode, "missing-1-1.src.rpm" in str(error)) == (BUILD, True)


def test_no_repo_id(farm: Farm) -> None:
    for method, arguments in (
        ("buildArch", ["x.src.rpm", farm.build_tag, ARCH, True, {}]),
        ("rebuildSRPM", ["x.src.rpm", farm.build_tag, {}]),
    ):
        error = farm.failure(farm.worker_task(method, *arguments))
        assert (error.faultCode, stock_words(error)) == (BUILD, "A repo id must be provided")


def test_a_repo_of_another_tag(farm: Farm, builder: Any, name: str) -> None:
    repo = builder.ready_repo(make_tag(farm.admin))
    error = farm.failure(farm.build(farm.publish(name, package(name)), repo_id=repo))
    assert (error.faultCode, str(error).startswith("Repo/Target mismatch: ")) == (BUILD, True)


def test_a_repo_that_is_not_ready(farm: Farm, builder: Any, name: str) -> None:
    repo, _ = builder.session.host.repoInit(farm.build_tag)
    error = farm.failure(farm.build(farm.publish(name, package(name)), repo_id=repo))
    assert (error.faultCode, stock_words(error)) == (BUILD, f"Bad repo: {repo} (INIT)")


def test_cancel(farm: Farm, name: str) -> None:
    """A build that would never end: its log grows live, canceling it leaves nothing."""
    task = farm.build(farm.publish(name, package(name, build="echo now it runs; sleep infinity")))
    child = until(lambda: farm.children(task).get(ARCH), f"the buildArch task of {task}")["id"]
    until(lambda: "now it runs" in farm.log(child, "build.log"), f"the live build.log of {child}")
    assert farm.containers(child)
    farm.admin.cancelTask(task)
    until(lambda: not farm.containers(child), f"the containers of {child} are gone")
    states = {farm.admin.getTaskInfo(one)["state"] for one in (task, child)}
    assert states == {koji.TASK_STATES["CANCELED"]}
    until(lambda: buildroots(farm, child) == ["EXPIRED"], f"the buildroot of {child} expires")
    (build,) = farm.admin.listBuilds(packageID=name)
    assert build["state"] == koji.BUILD_STATES["CANCELED"]


def test_cancel_that_the_worker_has_not_heard_of(farm: Farm, name: str) -> None:
    """The task learns of it by the hub's refusals: it is stopped, and its buildroot is not kept."""
    kept = farm.directory / "work" / "failed" / "kept"
    before = set(kept.iterdir()) if kept.is_dir() else set()
    journal = database.path_in(farm.state)
    with open_history(journal) as history:
        worker = history.worker()
    assert worker
    assert worker.pid
    task = farm.build(farm.publish(name, package(name, tags="BuildRequires: popt-devel", build="exit 1")))
    child = until(lambda: farm.children(task).get(ARCH), f"the buildArch task of {task}")["id"]
    until(lambda: farm.containers(child), f"containers of {child}")
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        farm.admin.cancelTask(task)
        ended = until(lambda: ended_task(journal, child), f"the end of {child}")
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert (ended.status, ended.failure) == ("canceled", None)
    assert (set(kept.iterdir()) if kept.is_dir() else set()) <= before
    until(lambda: buildroots(farm, child) == ["EXPIRED"], f"the buildroot of {child} expires")
    until(lambda: not farm.containers(child), f"the containers of {child} are gone")


def ended_task(journal: Path, number: int) -> Task | None:
    with open_history(journal) as history:
        task = history.task(number)
    return task if task and not task.running else None


def test_a_method_without_handler(farm: Farm) -> None:
    task = farm.worker_task(unique("method").replace("-", "_"))
    info = until(lambda: free(farm, task), f"task {task} is refused")
    assert info["host_id"] is None
    farm.admin.cancelTask(task)


def free(farm: Farm, task: int) -> dict[str, Any] | None:
    info: dict[str, Any] = farm.admin.getTaskInfo(task)
    return info if info["state"] == koji.TASK_STATES["FREE"] else None
