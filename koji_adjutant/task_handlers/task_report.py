"""What a build's tasks did and left, in the words of kojid's mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import koji
import requests

from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import TaskRow

RESULT_MAX = 8192
"""Characters of a task's error that are quoted."""


@dataclass(frozen=True)
class TaskSummary:
    """One task: ``label`` is what koji calls it, ``build_arch`` its label among its siblings.

    ``logs`` and ``misc`` are (volume, name), ``rpms`` and ``srpms`` names.
    """

    id: int
    label: str
    arch: str
    build_arch: str
    host: str | None
    state: str
    result: str
    logs: Sequence[tuple[str, str]]
    rpms: Sequence[str]
    srpms: Sequence[str]
    misc: Sequence[tuple[str, str]]


def task_tree(session: HubSession, task_id: int) -> list[TaskSummary]:
    """Return the task, first, and all below it."""
    pending, found = [task_id], []
    while pending:
        info = session.getTaskInfo(pending.pop(0), request=True)
        if info:
            found.append(_facts(session, info))
            pending += [child["id"] for child in session.getTaskChildren(info["id"])]
    return found


def _facts(session: HubSession, info: TaskRow) -> TaskSummary:
    host = session.getHost(info["host_id"]) if info["host_id"] else None
    result = _result(session, info["id"])
    files = session.listTaskOutput(info["id"], all_volumes=True)
    srpms = sorted(name for name in files if name.endswith(".src.rpm"))
    rpms = sorted(name for name in files if name.endswith(".rpm") and name not in srpms)
    logs = [name for name in files if name.endswith(".log")]
    others = [name for name in files if name not in {*srpms, *rpms, *logs}]
    return TaskSummary(
        id=info["id"],
        label=koji.taskLabel(info),
        arch=info["arch"],
        build_arch=info["label"] or "",
        host=host["name"] if host else None,
        state=koji.TASK_STATES[info["state"]].lower(),
        result=result,
        logs=_on_volumes(files, logs),
        rpms=rpms,
        srpms=srpms,
        misc=_on_volumes(files, others),
    )


def _on_volumes(files: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[tuple[str, str]]:
    return sorted((volume, name) for name in names for volume in files[name])


def _result(session: HubSession, task_id: int) -> str:
    try:
        return str(session.getTaskResult(task_id) or "Unknown")[:RESULT_MAX]
    except requests.exceptions.RequestException:
        raise  # the hub is out of reach, which is no result
    except Exception as fault:  # noqa: BLE001  (the task's own, of whatever class)
        return str(getattr(fault, "faultString", fault)).strip()[:RESULT_MAX]


def write_tasks(tasks: Sequence[TaskSummary], build_url: str, weburl: str) -> list[str]:
    """Write the source packages, then the tasks by state, failed ones first, with links to their files.

    A closed task's logs and packages are where the build is; what others left is in koji-web.
    """
    lines = []
    srpms = sorted({name for task in tasks for name in task.srpms})
    if srpms:
        lines += ["SRPMS:", *(f"  {name}" for name in srpms), ""]
    for state in ("failed", "canceled", "closed"):
        chosen = [task for task in tasks if task.state == state]
        if chosen:
            title = f"{state.capitalize()} tasks:"
            lines += [title, "-" * len(title), ""]
        for task in chosen:
            lines += [*_write(task, build_url, weburl), ""]
    return lines


def _write(task: TaskSummary, build_url: str, weburl: str) -> list[str]:
    def in_web(volume: str, name: str) -> str:
        return f" {weburl}/getfile?taskID={task.id}&name={quote(name)}&volume={quote(volume)}"

    def in_build(*path: str) -> str:
        return " " + "/".join([build_url, *map(quote, path)])

    closed = task.state == "closed"
    lines = [f"Task {task.id}" + (f" on {task.host}" if task.host else ""), f"Task Type: {task.label}"]
    if task.logs:
        lines.append("logs:")
    for volume, name in task.logs:
        lines.append(in_build("data", "logs", task.build_arch, name) if closed else in_web(volume, name))
    if task.rpms:
        lines += ["rpms:", *(in_build(task.build_arch, name) for name in task.rpms)]
    if task.misc:
        lines += ["misc:", *(in_web(volume, name) for volume, name in task.misc)]
    return lines
