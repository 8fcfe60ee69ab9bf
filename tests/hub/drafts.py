"""Making draft builds."""

from __future__ import annotations

from typing import Any

from tests.hub.builder import Builder
from tests.hub.rpms import RpmSet


def draft(builder: Builder, made: RpmSet) -> dict[str, Any]:
    """A COMPLETE draft of these packages."""
    task = builder.open_task()
    build = init(builder, task, made)
    paths = [builder.upload_file(task, rpm.path) for rpm in (made.srpm, *made.rpms)]
    info: dict[str, Any] = builder.session.host.completeBuild(task, build, paths[0], paths[1:])
    builder.close(task)
    return info


def init(builder: Builder, task: int, made: RpmSet, **more: Any) -> int:
    names = ("name", "version", "release")
    data = {name: getattr(made.srpm, name) for name in names} | {"epoch": None, "task_id": task}
    return int(builder.session.host.initBuild({**data, "draft": True, **more}))
