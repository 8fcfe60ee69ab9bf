"""Files of the hub that a task works on: a source package that a user named, a build's archives."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import koji
import requests

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import SourceError

NAME_MAX = 255
PATH_MAX = 2048
"""Of a file's name, in bytes, and of its path below the hub's files: what a file system can have."""


def fetch(options: KojidOptions, directory: Path | str, path: str, missing: str) -> Path:
    """Return the hub's file ``path``, from topurl (into ``directory``, once) or from topdir.

    ``options`` are kojid's: a task has the worker's, or a stock kojid's.

    SourceError with ``missing`` if it is not there, or if the path leads out of topdir: the file would be
    written to wherever it leads.
    """
    parts = PurePosixPath(path).parts
    if ".." in parts or path.startswith("/") or not parts or "\0" in path:
        raise SourceError(f"{path!r} is not a path below the hub's files.")
    if any(len(os.fsencode(part)) > NAME_MAX for part in parts) or len(path) > PATH_MAX:
        raise SourceError(f"{missing}: no file can have a name as long as {path[:40]!r}…")
    if not options.topurl:
        file = Path(options.topdir, path)
        if not file.is_file():
            raise SourceError(f"{missing}: {file}")
        return file
    file = Path(directory, "local", path)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("w+b") as copy:
                koji.downloadFile(f"{options.topurl}/{path}", fo=copy)
        except requests.exceptions.HTTPError as problem:
            file.unlink()
            raise SourceError(f"{missing}: {problem.response.url} ({problem.response.reason})") from problem
    return file
