"""A task's source package: a file on the hub that a user may have named."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import koji
import requests
from koji.tasks import BaseTaskHandler

from koji_adjutant.errors import SourceError
from koji_adjutant.rpmheader import RpmHeader


def fetch_source_rpm(task: BaseTaskHandler, name: str, missing: str = "SRPM file missing") -> Path:
    """The file ``work/<name>`` of the hub, from topurl (into the task's directory, once) or from topdir.

    SourceError with ``missing`` if it is not there, or if the name leads out of the work directory: the
    file would be written to wherever it leads.
    """
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/") or not parts:
        raise SourceError(f"The source package {name!r} is not a path below the hub's work directory.")
    if not task.options.topurl:
        path = Path(task.options.topdir, "work", name)
        if not path.is_file():
            raise SourceError(f"{missing}: {path}")
        return path
    path = Path(task.workdir, "local", "work", name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("w+b") as file:
                koji.downloadFile(f"{task.options.topurl}/work/{name}", fo=file)
        except requests.exceptions.HTTPError as problem:
            path.unlink()
            raise SourceError(f"{missing}: {problem.response.url} ({problem.response.reason})") from problem
    return path


def read_source_header(path: Path) -> RpmHeader:
    """The header; SourceError if the file is not a source package."""
    header = RpmHeader(path)
    if not header.is_source:
        raise SourceError(f"{path.name} is not a source package")
    return header
