"""What a task is done again from, its lock and its source package: on this machine, or else from the hub."""

from __future__ import annotations

from pathlib import Path

import koji
from koji.tasks import parse_task_params

from koji_adjutant.buildroot.specification import lock as locks
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import NotFound
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.session import asked
from koji_adjutant.hub.source_rpm import fetch_source_rpm

SOURCE_PARAMETERS = {"buildArch": "pkg", "rebuildSRPM": "srpm"}
"""Which parameter of a task is the source package that it works on."""


def log_directory(options: KojidOptions, task_id: int) -> Path | None:
    """Return where a running task writes its logs, or where those of a task that has ended are kept.

    A task that runs again writes anew: that directory comes first.
    """
    running = Path(options.workdir, koji.pathinfo.taskrelpath(task_id), "result")
    kept = options.adjutant.log_dir / str(task_id)
    return next((directory for directory in (running, kept) if directory.is_dir()), None)


def lock_of_task(options: KojidOptions, task_id: int, directory: Path) -> Path:
    """Return the task's lock; in ``directory`` if it had to be fetched.

    Raises NotFound if it has none.
    """
    logs = log_directory(options, task_id)
    if logs and (here := locks.lock_in(logs)).exists():
        return here
    with asked(options, f"task {task_id}") as session:
        session.getTaskInfo(task_id, strict=True)
        name = locks.name_among(session.listTaskOutput(task_id))
        if name is None:
            raise NotFound(_no_lock(session, task_id))
        path = directory / name
        path.write_bytes(session.downloadTaskOutput(task_id, name))
    return path


def source_of_task(options: KojidOptions, task_id: int, directory: Path) -> Path | None:
    """Return the source package that the task was given; None for a task that gets none.

    It is in ``directory`` if it had to be fetched.

    HubError, or SourceError if the hub has it no longer.
    """
    with asked(options, f"task {task_id}") as session:
        task = session.getTaskInfo(task_id, strict=True, request=True)
        name = SOURCE_PARAMETERS.get(task["method"])
        if name is None:
            return None
        parameters = parse_task_params(task["method"], task["request"])
        return fetch_source_rpm(options, directory, parameters[name])


def _no_lock(session: HubSession, task_id: int) -> str:
    """Explain it to a person who took a build's task for that of an arch."""
    children = session.getTaskChildren(task_id)
    found = [child for child in children if locks.name_among(session.listTaskOutput(child["id"]))]
    if found:
        subtasks = ", ".join(f"{child['id']} ({child['method']}, {child['label']})" for child in found)
        return f"Task {task_id} had no buildroot of its own; its subtasks have: {subtasks}."
    return (
        f"Task {task_id} has no {locks.NAME}, here or on the hub: it had no buildroot of this worker's kind."
    )
