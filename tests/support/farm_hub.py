"""A hub that has an answer for every call that a task makes, and files of its own, so that tasks get far."""

from __future__ import annotations

import smtplib
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import koji.tasks
import koji.util
import pytest
from koji.tasks import BaseTaskHandler

from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.dist_repo import DistRepoRequest
from koji_adjutant.task_adapters import createdistrepo
from tests.support.requests import SRPM
from tests.support.rpm_headers import write_srpm
from tests.support.scripted_hub import REPO, ScriptedHub

ON_A_NEW_REPO = ("createrepo", "createdistrepo")
RESULTS = {
    "buildArch": {"rpms": [], "srpms": [SRPM], "logs": [], "brootid": 11},
    "buildSRPMFromSCM": {"srpm": SRPM, "source": {"url": "a", "source": "b"}},
    "rebuildSRPM": {"srpm": SRPM, "source": {"url": "a", "source": "b"}},
    "createrepo": ["tasks/2/2", ["repomd.xml"]],
    "waitrepo": REPO,
}
ARCHIVE = {"group_id": "org.example", "artifact_id": "hello", "version": "1.0", "filename": "hello.jar"}


class FarmHub(ScriptedHub):
    """The hub of a task of ``method``; ``answers`` are added to its own."""

    def __init__(self, method: str, **answers: Any) -> None:
        self._subtasks: list[str] = []
        closed = koji.TASK_STATES["CLOSED"]
        task = {"id": 1, "arch": "noarch", "owner": 3, "channel_id": 1, "host_id": 1, "method": "build"}
        task |= {"state": closed, "label": None, "completion_ts": 0, "request": ["a", "b"]}
        state = koji.REPO_INIT if method in ON_A_NEW_REPO else koji.REPO_READY
        repo = REPO | {"state": state, "dist": True}
        super().__init__(
            **{
                "checkRequest": {"repo": REPO},
                "getBuild": {"id": 33, "name": "a", "version": "1", "release": "1", "package_name": "a"},
                "getBuildroot": {"id": 11, "host_id": 1, "tag_name": "f39", "repo_id": 7, "arch": "x86_64"},
                "getFullInheritance": [],
                "getMavenBuild": ARCHIVE,
                "getRepo": REPO | {"id": 6},
                "getTaskChildren": [],
                "getTaskInfo": task,
                "getTaskResult": {"maven_info": ARCHIVE},
                "getUser": {"name": "kojiadmin"},
                "host.getID": 1,
                "host.importWrapperRPMs": None,
                "host.repoInit": [7, 50],
                "host.subtask": self._subtask,
                "host.taskWait": lambda _: [[number + 2 for number in range(len(self._subtasks))], []],
                "host.taskWaitResults": lambda _, ids, **__: [[one, self._result(one)] for one in ids or []],
                "listArchives": [ARCHIVE],
                "listHosts": [{"id": 1}],
                "listTaggedRPMS": [[], []],
                "listTaskOutput": {"hello.jar": ["DEFAULT"]},
                "repo.request": {"repo": REPO},
                "repoInfo": repo,
                "taskFinished": True,
                **answers,
            }
        )

    def _subtask(self, method: str, *_: Any, **__: Any) -> int:
        self._subtasks.append(method)
        return len(self._subtasks) + 1

    def _result(self, task: int) -> Any:
        return RESULTS.get(self._subtasks[task - 2])


class Mails:
    """A mail server that takes everything."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Mails:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def sendmail(self, _sender: str, recipients: list[str], _message: bytes) -> dict[str, Any]:
        assert all(address.isascii() and address.isprintable() for address in recipients)
        return {}


def furnish(topdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the hub's files, and keep tasks from what reaches beyond them: mail, processes, time."""
    write_srpm(topdir / "work" / SRPM)
    repo = topdir / "repos/f39-build/7"
    (repo / "groups").mkdir(parents=True)
    (repo / "x86_64").mkdir()
    (repo / "x86_64/pkglist").write_text("a\n")
    (topdir / "repos-dist/f39-build/7/x86_64").mkdir(parents=True)
    for jar in ("packages/a/1/1/maven/org/example/hello/1.0", "work/tasks/5/5"):
        (topdir / jar).mkdir(parents=True)
        (topdir / jar / "hello.jar").touch()

    def make(workspace: Workspace, _request: DistRepoRequest) -> Path:
        made = workspace.workdir / "repo"
        made.mkdir()
        return made

    monkeypatch.setattr(createdistrepo, "create_dist_repo", make)
    monkeypatch.setattr(createdistrepo, "multilib_packages", lambda *_: [])
    monkeypatch.setattr(FailedRoots, "open", lambda *_: nullcontext())
    monkeypatch.setattr(smtplib, "SMTP", Mails)
    monkeypatch.setattr(koji.tasks.os, "spawnvp", lambda *_: 0)
    monkeypatch.setattr(koji.util.RepoWatcher, "wait_builds", lambda *_: None)
    monkeypatch.setattr(koji.util, "checkForBuilds", lambda *_, **__: True)
    monkeypatch.setattr(time, "sleep", lambda _: None)


def manage(task: BaseTaskHandler) -> None:
    """Give a task of the worker's own process its worker."""
    task.setManager(SimpleNamespace(restart_pending=False, start_ts=1))
