"""A builder's side of the conversation, without building: what the tests drive the hub with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub import DevHub


class Builder:
    """A builder with an exclusive session."""

    def __init__(self, hub: DevHub, name: str, password: str) -> None:
        self.hub = hub
        self.name = name
        self.session = hub.session(name, password)
        self.session.exclusiveSession(force=True)
        self.host = self.session.host
        self.id: int = self.host.getID()
        self.host.updateHost(0.0, True, data={"maxjobs": 20})

    def open(self, admin: koji.ClientSession, method: str = "sleep", *args: Any, **options: Any) -> int:
        """A new task, open here."""
        task_id: int = admin.makeTask(method, list(args) or [1], assign=self.name, **options)
        assert self.host.openTask(task_id) is not None
        return task_id

    def upload(self, task_id: int, path: Path, name: str | None = None) -> str:
        """Upload a file of a task; returns its path below work/."""
        directory = koji.pathinfo.taskrelpath(task_id)
        # not uploadWrapper, which leaves the file open until the garbage collector comes
        self.session.rawUpload(path.read_bytes(), 0, directory, name or path.name, overwrite=True)
        return f"{directory}/{name or path.name}"

    def close(self, task_id: int, result: Any = None) -> None:
        """End a task well."""
        response = koji.xmlrpcplus.dumps((result,), methodresponse=1)
        self.host.closeTask(task_id, response)

    def fail(self, task_id: int, code: int, text: str) -> None:
        """End a task badly."""
        self.host.failTask(task_id, koji.xmlrpcplus.dumps(koji.xmlrpcplus.Fault(code, text)))

    def make_repo(
        self, admin: koji.ClientSession, tag: str, arches: tuple[str, ...] = ("x86_64",)
    ) -> list[int]:
        """A ready repo of a tag (its metadata are a placeholder); returns [repo id, event id]."""
        task_id = self.open(admin, "newRepo", tag)
        repo: list[int] = self.host.repoInit(tag, task_id=task_id)
        data = {}
        for arch in arches:
            place = self.hub.directory / "repomd.xml"
            place.write_text("<repomd/>")
            name = f"{arch}-repomd.xml"
            self.upload(task_id, place, name)
            data[arch] = [koji.pathinfo.taskrelpath(task_id), [name]]
        self.host.repoDone(repo[0], data)
        self.close(task_id, repo)
        return repo
