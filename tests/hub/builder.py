"""A builder played by hand: the calls that a worker makes, one at a time."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji

from tests.hub.names import unique
from tests.hub.rpms import Rpm
from tests.hub.wire import RawSession

ARCH = "x86_64"


@dataclass(frozen=True)
class Builder:
    """A host's exclusive session; ``admin`` makes the tasks that the host then works on."""

    session: Any
    id: int
    admin: Any

    def assigned_task(
        self, method: str = "sleep", arguments: Iterable[object] = (1,), **options: object
    ) -> int:
        """A new task that is assigned to this host and not open."""
        return int(self.admin.makeTask(method, list(arguments), assign=self.id, **options))

    def open_task(self, method: str = "sleep", arguments: Iterable[object] = (1,), **options: object) -> int:
        """A new task that this host has opened."""
        task = self.assigned_task(method, arguments, **options)
        assert self.session.host.openTask(task)["id"] == task
        return task

    def upload(self, task: int, name: str, data: bytes) -> str:
        """Upload as ``uploadWrapper`` does; the path below work/."""
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, name)
            file.write_bytes(data)
            return self.upload_file(task, file)

    def upload_file(self, task: int, file: Path) -> str:
        return upload_file(self.session, file, koji.pathinfo.taskrelpath(task))

    def raw(self) -> RawSession:
        """The same session, for requests that koji.ClientSession does not make."""
        return RawSession(
            self.session.baseurl, self.session.sinfo["session-id"], self.session.sinfo["session-key"]
        )

    def ready_repo(self, tag: str) -> int:
        """A READY repo of ``tag`` with no metadata in it."""
        task = self.open_task("newRepo", [tag])
        repo, _event = self.session.host.repoInit(tag, task_id=task)
        self.session.host.repoDone(repo, {})
        self.close(task, [repo, _event])
        return int(repo)

    def buildroot(self, repo: int, task: int | None = None) -> int:
        """A buildroot in state INIT."""
        return int(self.session.host.newBuildRoot(repo, ARCH, task_id=task or self.open_task()))

    def drop_tasks(self) -> None:
        """Cancel every task that this host has: they would count as its load."""
        for task in [*self.session.host.getHostTasks(), *self.session.host.getTasks()]:
            self.admin.cancelTask(task["id"])

    def close(self, task: int, result: object = None) -> None:
        self.session.host.closeTask(task, koji.xmlrpcplus.dumps((result,), methodresponse=1))

    def start_build(self, rpm: Rpm, task: int | None = None) -> tuple[int, int]:
        """``initBuild`` for the SRPM's name, version and release: (task, build)."""
        task = task or self.open_task()
        data = {
            "name": rpm.name,
            "version": rpm.version,
            "release": rpm.release,
            "epoch": None,
            "task_id": task,
        }
        return task, int(self.session.host.initBuild(data))

    def imported(self, srpm: Rpm, *rpms: Rpm, **options: object) -> dict[str, Any]:
        """A COMPLETE build of these packages, with the hub's build info."""
        task, build = self.start_build(srpm)
        paths = [self.upload_file(task, rpm.path) for rpm in (srpm, *rpms)]
        self.session.host.completeBuild(task, build, paths[0], paths[1:], **options)
        self.close(task)
        info: dict[str, Any] = self.admin.getBuild(build)
        return info


def upload_file(session: Any, file: Path, directory: str) -> str:
    """Upload below work/ with ``uploadWrapper``; the path there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # koji's fastUpload leaves closing to the collector
        session.uploadWrapper(str(file), directory)
    return f"{directory}/{file.name}"


def make_tag(admin: Any, prefix: str = "conformance", **options: object) -> str:
    """A new tag with the architecture of the tests."""
    tag = unique(prefix)
    admin.createTag(tag, None, arches=ARCH, **options)
    return tag
