"""docs/reference/hub-calls.md is true: our half of each listing is what our code calls here.

A stock kojid's half is compared with the record of one, where that has such a task.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.dist_repo import DistRepoRequest
from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon import loop
from koji_adjutant.daemon.login import open_session
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.task_adapters import ADAPTERS, PLUGINS, createdistrepo
from koji_adjutant.task_handlers import HANDLERS, build_notification, tag_notification
from koji_adjutant.task_handlers.waitrepo import WaitrepoTask
from tests.support.http_hub import SESSION, hub
from tests.support.hub_calls import UPLOAD, Call, listings, written
from tests.support.recipes import Recipes
from tests.support.recorded_hub import Replay, play, recorded_listings
from tests.support.rpm_headers import write_srpm
from tests.support.scripted_hub import TARGET, ScriptedHub
from tests.unit.task_handlers import test_notifications

LISTINGS = listings()


@dataclass(frozen=True)
class Stage:
    """What a task needs to be run."""

    options: KojidOptions
    topdir: Path
    recipes: Recipes
    monkeypatch: pytest.MonkeyPatch

    def run(self, task: type[Any], session: ScriptedHub, *arguments: Any) -> Sequence[Call]:
        task(1, task.Methods[0], list(arguments), session, self.options).run()
        return session.calls

    def replay(self, task_id: int) -> Sequence[Call]:
        self.recipes.listings = recorded_listings(task_id)
        return play(task_id, self.options)[1].calls

    def srpm(self, path: str) -> None:
        """A source package on the hub."""
        name, version, release = Path(path).name.removesuffix(".src.rpm").rsplit("-", 2)
        write_srpm(self.topdir / "work" / path, name, version, release)

    def repo(self, repo_id: int, *, old: int | None = None) -> None:
        """A repository's directory as the hub makes it, and an older one's metadata."""
        directory = self.topdir / "repos" / "dist-test-build" / str(repo_id) / "x86_64"
        directory.mkdir(parents=True)
        (directory / "pkglist").write_text("../a.rpm\n")
        (directory.parent / "groups").mkdir()
        if old is not None:
            (directory.parents[1] / str(old) / "x86_64" / "repodata").mkdir(parents=True)


@pytest.fixture
def stage(
    options: KojidOptions, topdir: Path, recipes: Recipes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    monkeypatch.setattr(signal, "pause", lambda: None)  # subtasks end at once
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))  # a busy machine takes no task
    handlers = {number: signal.getsignal(number) for number in (signal.SIGUSR2, signal.SIGCHLD)}
    yield Stage(options, topdir, recipes, monkeypatch)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def daemon(stage: Stage) -> Sequence[Call]:
    """It starts, looks, takes a task that is over at once, looks again, is stopped."""
    task = {"id": 5, "method": "sleep", "state": koji.TASK_STATES["ASSIGNED"], "host_id": 1}
    answers: dict[str, Any] = {
        "login": SESSION,
        "subsession": SESSION | {"session-id": 8},
        "echo": ["OK"],
        "host.getID": 1,
        "getSessionInfo": {"start_ts": 0},
        "listBuildroots": [],
        "host.getHostTasks": [],
        "host.getHost": {"id": 1, "name": "builder1", "arches": "x86_64", "enabled": True, "capacity": 2},
        "host.getTasks": [task],
        "getTaskInfo": {**task, "request": [0]},
        "host.openTask": {**task, "waiting": False, "weight": 0.25},
    }
    stage.options.user, stage.options.password, stage.options.minspace = "builder1", "secret", 0
    stage.options.adjutant.state_dir.mkdir()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with hub(lambda method, _: answers.get(method)) as (stage.options.server, called):
        worker = Worker(stage.options, open_session(stage.options), Wakeup())
        worker.register_handlers()
        worker.updateBuildroots()
        worker.updateTasks()
        assert worker.getNextTask()
        (child,) = worker.pids.values()
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        answers["host.getTasks"] = []
        worker.updateTasks()
        worker.getNextTask()
        loop.shut_down(worker)
        worker.session.logout()
        worker.wakeup.close()
        return called


def build_from_scm(stage: Stage) -> Sequence[Call]:
    stage.srpm("tasks/12/12/hello-1.0-2.src.rpm")
    return stage.replay(10)


def build_from_srpm(stage: Stage) -> Sequence[Call]:
    stage.srpm("tasks/5/5/hello-1.0-1.src.rpm")
    return stage.replay(1)


def scratch_build(stage: Stage) -> Sequence[Call]:
    stage.srpm("tasks/13/13/hello-1.0-1.src.rpm")
    return stage.replay(11)


def build_srpm_from_scm(stage: Stage) -> Sequence[Call]:
    stage.recipes.srpm = "hello-1.0-2.src.rpm"
    return stage.replay(12)


def rebuild_srpm(stage: Stage) -> Sequence[Call]:
    stage.srpm(Replay.of_task(5).info["request"][0])
    return stage.replay(5)


def build_arch(stage: Stage) -> Sequence[Call]:
    given = Replay.of_task(14).info["request"][0]
    stage.srpm(given)
    stage.recipes.srpm = Path(given).name
    stage.recipes.packages = {"all": ["hello-1.0-1.x86_64.rpm", "hello-doc-1.0-1.noarch.rpm"]}
    return stage.replay(14)


def new_repo(stage: Stage) -> Sequence[Call]:
    stage.repo(Replay.of_task(3).answer_to("host.repoInit")[0])
    return stage.replay(3)


def createrepo(stage: Stage) -> Sequence[Call]:
    repo, _, old = Replay.of_task(9).info["request"]
    stage.repo(repo, old=old["id"])
    return stage.replay(9)


def waitrepo(stage: Stage) -> Sequence[Call]:
    stage.monkeypatch.setattr(WaitrepoTask, "PAUSE", 0)
    return stage.replay(2)


def build_notification_(stage: Stage) -> Sequence[Call]:
    stage.monkeypatch.setattr(build_notification, "send", lambda *_: None)
    session = test_notifications.Hub()
    test_notifications.notify_build(stage.options, session, "someone@example.com")
    return session.calls


def tag_notification_(stage: Stage) -> Sequence[Call]:
    stage.monkeypatch.setattr(tag_notification, "send", lambda *_: None)
    arguments = [["someone@example.com"], True, 2, 1, 33, 3]
    return stage.run(tag_notification.TagNotificationTask, test_notifications.Hub(), *arguments)


def runroot(stage: Stage) -> Sequence[Call]:
    session = ScriptedHub(getRepo={"id": 7})
    named = {"packages": ["gcc"], "weight": 3.0, "upload_logs": ["/tmp/extra.log"], "__starstar": True}
    return stage.run(PLUGINS["runroot"], session, "f39-build", "noarch", ["true"], named)


def save_failed_tree(stage: Stage) -> Sequence[Call]:
    stage.monkeypatch.setattr(FailedRoots, "open", lambda *_: nullcontext())
    root = {"id": 11, "host_id": 1, "tag_name": "f39-build", "repo_id": 7, "arch": "x86_64"}
    session = ScriptedHub(getBuildroot=root)
    return stage.run(PLUGINS["save_failed_tree"], session, 11, False)


def wrapper_rpm(stage: Stage) -> Sequence[Call]:
    archive = {"group_id": "org.example", "artifact_id": "hello", "version": "1.0", "filename": "hello.jar"}
    build = {"id": 5, "name": "hello", "version": "1.0", "release": "2", "epoch": None}
    build |= {"state": koji.BUILD_STATES["COMPLETE"], "volume_name": "DEFAULT"}
    jar = stage.topdir / "packages/hello/1.0/2/maven/org/example/hello/1.0/hello.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    session = ScriptedHub(getMavenBuild=archive, listArchives=[archive])
    task = next(adapter for adapter in ADAPTERS if "wrapperRPM" in adapter.Methods)
    return stage.run(task, session, "git://host/x#1", TARGET, build, None, {"repo_id": 7})


def create_dist_repo(stage: Stage) -> Sequence[Call]:
    def made(workspace: Workspace, _request: DistRepoRequest) -> Path:
        repo = workspace.workdir / "repo"
        (repo / "repodata").mkdir(parents=True)
        (repo / "repodata/repomd.xml").write_text("data")
        return repo

    stage.monkeypatch.setattr(createdistrepo, "create_dist_repo", made)
    (stage.topdir / "repos-dist/dist-test/3/x86_64").mkdir(parents=True)
    where = koji.PathInfo(str(stage.topdir))
    answers = [call["result"] for call in Replay.of_task(19).expected if call["method"] == "listTaggedRPMS"]
    for rpm, build in [(rpm, build) for rpms, builds in answers for rpm in rpms for build in builds]:
        path = Path(where.build(build), where.rpm(rpm))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return stage.replay(19)


SCENARIOS: dict[str, Callable[[Stage], Sequence[Call]]] = {
    "The daemon": daemon,
    "build, from an SCM": build_from_scm,
    "build, from a source package, with a repo to wait for": build_from_srpm,
    "build, scratch": scratch_build,
    "buildSRPMFromSCM": build_srpm_from_scm,
    "rebuildSRPM": rebuild_srpm,
    "buildArch": build_arch,
    "tagBuild": lambda stage: stage.replay(7),
    "newRepo": new_repo,
    "createrepo": createrepo,
    "chainbuild": lambda stage: stage.replay(998),
    "waitrepo": waitrepo,
    "distRepo": lambda stage: stage.replay(17),
    "createdistrepo": create_dist_repo,
    "wrapperRPM": wrapper_rpm,
    "buildNotification": build_notification_,
    "tagNotification": tag_notification_,
    "runroot": runroot,
    "saveFailedTree": save_failed_tree,
}
RECORDED = {
    "build, from an SCM": 10,
    "build, from a source package, with a repo to wait for": 1,
    "build, scratch": 11,
    "buildSRPMFromSCM": 12,
    "rebuildSRPM": 5,
    "buildArch": 14,
    "tagBuild": 7,
    "newRepo": 3,
    "createrepo": 9,
    "chainbuild": 998,
    "waitrepo": 2,
    "tagNotification": 1013,
    "distRepo": 17,
    "createdistrepo": 19,
}
"""Tasks in the record of a stock builder."""


def test_every_method_is_listed() -> None:
    tasks: Sequence[type[Any]] = (*HANDLERS, *ADAPTERS, *PLUGINS.values())
    methods = {method for task in tasks for method in task.Methods}
    assert {heading.partition(",")[0] for heading in LISTINGS} == {"The daemon", *methods}
    assert LISTINGS.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("heading", SCENARIOS)
def test_our_half(heading: str, stage: Stage) -> None:
    assert list(LISTINGS[heading].ours) == list(written(SCENARIOS[heading](stage)))


@pytest.mark.parametrize("heading", RECORDED)
def test_the_stock_half(heading: str) -> None:
    calls = [
        (call["method"], call["args"], call["kwargs"]) for call in Replay.of_task(RECORDED[heading]).expected
    ]
    assert [call for call in LISTINGS[heading].stock if call != UPLOAD] == list(written(calls))
