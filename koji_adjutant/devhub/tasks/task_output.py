"""What tasks have left in their work directories: for ``watch-logs``, ``download-task`` and friends."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.tasks import tasks


def _directory(call: Call, task_id: Any, volume: str | None = None) -> Path:
    if volume is not None:
        lookups.lookup(call, "volume", volume, strict=True)
    number = lookups.convert(task_id, int)
    return Path(call.paths.work(volume=volume), call.paths.taskrelpath(number))


def _stat(path: Path) -> dict[str, Any]:
    info = path.stat()
    times = {"st_atime": info.st_atime, "st_mtime": info.st_mtime, "st_ctime": info.st_ctime}
    return {**times, "st_size": str(info.st_size)}


@exported("listTaskOutput", "taskID")
def list_task_output(
    call: Call, task_id: Any, stat: bool = False, all_volumes: bool = False, strict: bool = False
) -> Any:
    """List the files of a task by name. ``stat``: name -> ``{st_size (text), st_mtime, …}``; ``all_volumes``:
    name -> volumes (with both, volume -> stat)."""
    if strict and tasks.task_info(call, task_id, strict=False) is None:
        raise koji.GenericError("Task doesn't exist")
    directory = _directory(call, task_id)
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    names = {str(path.relative_to(directory)): path for path in found}
    if stat:
        stats = {name: _stat(path) for name, path in names.items()}
        return {name: {"DEFAULT": value} for name, value in stats.items()} if all_volumes else stats
    return {name: ["DEFAULT"] for name in names} if all_volumes else list(names)


@exported("downloadTaskOutput", "taskID", "fileName")
def download_task_output(
    call: Call, task_id: Any, file_name: str, offset: Any = 0, size: Any = -1, volume: str | None = None
) -> str:
    """Read bytes of a task's file from ``offset`` (negative: from the end), at most ``size`` (-1: all).
    Returns base64; raises GenericError if there is no such file."""
    if ".." in file_name:
        raise koji.GenericError(f"Invalid file name: {file_name}")
    path = _directory(call, task_id, volume) / file_name.lstrip("/")
    if not path.is_file():
        raise koji.GenericError(f'no file "{file_name}" output by task {int(task_id)}')
    place = 0 if offset is None else int(offset)
    with path.open("rb") as stream:
        if place < 0:
            place = max(place, -path.stat().st_size)
        stream.seek(place, os.SEEK_SET if place >= 0 else os.SEEK_END)
        return base64.b64encode(stream.read(int(size))).decode("ascii")
