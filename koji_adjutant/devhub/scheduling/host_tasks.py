"""Calls about tasks that builders make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import channels, hosts
from koji_adjutant.devhub.scheduling import scheduler
from koji_adjutant.devhub.tasks import task_creation, tasks


@exported("host.getTasks")
def get_tasks(call: Call) -> list[Row]:
    """List the tasks assigned to the calling builder and not opened yet; if there are none, assign some
    first."""
    host_id = hosts.require_host(call)
    return scheduler.assigned(call, host_id) or scheduler.run_and_list(call, host_id)


@exported("host.getLoadData")
def get_load_data(call: Call) -> list[Any]:
    """Answer what builders before 1.34 ask: ``[[the builder's record], [its assigned tasks]]``."""
    host_id = hosts.require_host(call)
    host = hosts.get_host(call, host_id, strict=True)
    host["channels"] = [channel["id"] for channel in channels.list_channels(call, host_id)]
    return [[host], get_tasks(call)]


@exported("host.openTask")
def open_task(call: Call, task_id: Any) -> Any:
    """Start a task. Returns it with its ``request`` as XML, or None if it is not free to be taken."""
    return tasks.open_task(call, task_id, hosts.require_host(call))


@exported("host.closeTask")
def close_task(call: Call, task_id: Any, response: str) -> None:
    """End a task well, with its result as an XML-RPC response."""
    tasks.assert_host(call, task_id)
    tasks.finish_task(call, task_id, response, tasks.CLOSED)


@exported("host.failTask")
def fail_task(call: Call, task_id: Any, response: str) -> None:
    """End a task badly, with its fault as an XML-RPC response."""
    tasks.assert_host(call, task_id)
    tasks.finish_task(call, task_id, response, tasks.FAILED)


@exported("host.freeTasks", task_ids="tasks")
def free_tasks(call: Call, task_ids: list[Any]) -> None:
    """Give back those of the tasks that are open on the calling builder."""
    host_id = hosts.require_host(call)
    for task_id in task_ids:
        if tasks.runs_on(call, task_id, host_id):
            tasks.free_task(call, task_id)


@exported("host.refuseTask")
def refuse_task(call: Call, task_id: Any, soft: bool = True, msg: str = "") -> None:
    """Turn down an assigned task: for a while, or (``soft=False``) for good. Nothing happens to one that is
    no longer the caller's."""
    host_id = hosts.require_host(call)
    info = tasks.task_info(call, task_id)
    if info["host_id"] == host_id:
        scheduler.refuse(call, info["id"], host_id, soft=bool(soft), by_host=True, msg=str(msg))
        tasks.free_task(call, info["id"])


@exported("host.setTaskWeight")
def set_task_weight(call: Call, task_id: Any, weight: float) -> None:
    """Set how much of the builder's capacity a task takes."""
    tasks.assert_host(call, task_id)
    call.db.update("task", {"weight": lookups.convert(weight, float)}, {"id": int(task_id)})


@exported("host.getHostTasks")
def get_host_tasks(call: Call) -> list[Row]:
    """List the calling builder's open tasks: ``[{id, waiting, weight[, alert]}]``; ``alert``: a subtask that
    it waits for is over."""
    host_id = hosts.require_host(call)
    query = (
        Select("task")
        .columns("id", "waiting", "weight")
        .where("host_id = ? AND state = ?", host_id, tasks.OPEN)
    )
    found = query.order("id").all(call.db)
    for task in found:
        if task["waiting"] and _awaited(call, task["id"])[0]:
            task["alert"] = True
    return found


def _awaited(call: Call, parent: int) -> tuple[list[int], list[int]]:
    rows = call.db.all("SELECT id, state FROM task WHERE parent = ? AND awaited = 1 ORDER BY id", (parent,))
    finished = [row["id"] for row in rows if row["state"] in tasks.FINISHED]
    return finished, [row["id"] for row in rows if row["state"] not in tasks.FINISHED]


@exported("host.taskSetWait", task_ids="tasks")
def task_set_wait(call: Call, parent: int, task_ids: list[int] | None) -> None:
    """Let a task wait for subtasks (None: for all of them)."""
    hosts.require_host(call)
    lookups.convert(task_ids, list, none_allowed=True, check_only=True)
    call.db.update("task", {"waiting": 1}, {"id": parent})
    if task_ids is None:
        call.db.update("task", {"awaited": 1}, {"parent": parent})
        return
    for child in tasks.children_of(call, parent):
        if child in task_ids:
            call.db.update("task", {"awaited": 1}, {"id": child})
        elif task_ids:
            call.db.update("task", {"awaited": 0}, {"id": child, "awaited": 1})


@exported("host.taskWait")
def task_wait(call: Call, parent: int) -> list[list[int]]:
    """Sort the awaited subtasks: ``[[finished], [unfinished]]``. The finished ones are no longer awaited."""
    hosts.require_host(call)
    finished, unfinished = _awaited(call, parent)
    for task_id in finished:
        call.db.update("task", {"awaited": 0}, {"id": task_id})
    return [finished, unfinished]


@exported("host.taskWaitResults", task_ids="tasks")
def task_wait_results(
    call: Call, parent: int, task_ids: list[int] | None, canfail: list[int] | None = None
) -> list[list[Any]]:
    """Collect the results of subtasks (None: of all that are over): ``[[task id, result], …]``. The first
    fault is raised, but for those in ``canfail``, whose result it is. The parent is no longer waiting."""
    hosts.require_host(call)
    call.db.update("task", {"waiting": 0}, {"id": parent})
    call.db.update("task", {"awaited": 0}, {"parent": parent})
    if task_ids is None:
        children = tasks.children_of(call, parent)
        task_ids = [child for child in children if tasks.state_of(call, child) in tasks.FINISHED]
    return [[task_id, _result(call, task_id, task_id in (canfail or []))] for task_id in task_ids]


def _result(call: Call, task_id: int, may_fail: bool) -> Any:
    try:
        return tasks.result_of(call, task_id, raise_fault=not may_fail)
    except koji.GenericError as error:
        if may_fail and tasks.state_of(call, task_id) == tasks.CANCELED:
            return {"faultCode": error.faultCode, "faultString": str(error)}
        raise


@exported("host.subtask")
def subtask(call: Call, method: str, arglist: Any, parent: Any, **opts: Any) -> int:
    """Make a subtask of an own task, and return its id; a ``label`` that the parent has used stands for the
    subtask that is there already. Raises ActionNotAllowed for an ``owner``."""
    tasks.assert_host(call, parent)
    if "owner" in opts:
        raise koji.ActionNotAllowed("The owner option is not allowed here")
    if opts.get("label") is not None:
        known: int | None = call.db.value(
            "SELECT id FROM task WHERE parent = ? AND label = ?", (int(parent), opts["label"])
        )
        if known is not None:
            return known
    kwargs: Mapping[str, Any] = opts.pop("kwargs", None) or {}
    arguments = koji.encode_args(*arglist, **kwargs) if kwargs else arglist
    return task_creation.make_task(call, method, arguments, parent=parent, **opts)


@exported("host.subtask2")
def subtask2(call: Call, parent: Any, taskopts: dict[str, Any], method: str, *args: Any, **opts: Any) -> int:
    """Make a subtask as host.subtask does, but with the subtask's arguments as arguments."""
    return subtask(call, method, koji.encode_args(*args, **opts), parent, **taskopts)
