"""Files of the hub that a task works on: a source package that a user named, a build's archives."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import koji
import requests
from koji.tasks import BaseTaskHandler

from koji_adjutant.errors import SourceError


def fetch(task: BaseTaskHandler, path: str, missing: str) -> Path:
    """The hub's file ``path``, from topurl (into the task's directory, once) or from topdir.

    SourceError with ``missing`` if it is not there, or if the path leads out of topdir: the file would be
    written to wherever it leads.
    """
    parts = PurePosixPath(path).parts
    if ".." in parts or path.startswith("/") or not parts:
        raise SourceError(f"{path!r} is not a path below the hub's files.")
    if not task.options.topurl:
        file = Path(task.options.topdir, path)
        if not file.is_file():
            raise SourceError(f"{missing}: {file}")
        return file
    file = Path(task.workdir, "local", path)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("w+b") as copy:
                koji.downloadFile(f"{task.options.topurl}/{path}", fo=copy)
        except requests.exceptions.HTTPError as problem:
            file.unlink()
            raise SourceError(f"{missing}: {problem.response.url} ({problem.response.reason})") from problem
    return file
