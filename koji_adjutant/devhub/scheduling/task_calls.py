"""Calls about tasks that users and tools make."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import builds, cancelling, rpms
from koji_adjutant.devhub.core import lookups, wire
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import channels, hosts, sessions, users
from koji_adjutant.devhub.tags import targets
from koji_adjutant.devhub.tasks import task_creation, tasks


@exported("makeTask")
def make_task(call: Call, *args: Any, **opts: Any) -> int:
    """Make any task (admins only): method, arguments, options of task_creation.make_task but owner."""
    users.assert_perm(call, "admin")
    if "owner" in opts:
        raise koji.ActionNotAllowed("The owner option is not allowed here")
    return task_creation.make_task(call, *args, **opts)


def _user_task(call: Call, method: str, arguments: Any, priority: int | None, channel: str | None) -> int:
    sessions.assert_login(call)
    options: dict[str, Any] = {}
    if priority:
        if priority < 0 and not users.has_perm(call, "admin"):
            raise koji.ActionNotAllowed("only admins may create high-priority tasks")
        options["priority"] = koji.PRIO_DEFAULT + priority
    if channel:
        options["channel"] = channel
    return task_creation.make_task(call, method, arguments, **options)


@exported("build")
def build(
    call: Call,
    src: str,
    target: Any,
    opts: Any = None,
    priority: int | None = None,
    channel: str | None = None,
) -> int:
    """Build a source (SCM URL, or an SRPM's path below work/) for a target. Returns the task id."""
    sessions.assert_login(call)
    lookups.convert(src, str, check_only=True)
    return _user_task(call, "build", [src, target, opts or {}], priority, channel)


@exported("chainBuild")
def chain_build(
    call: Call,
    srcs: Any,
    target: Any,
    opts: Any = None,
    priority: int | None = None,
    channel: str | None = None,
) -> int:
    """Build sources one after the other, or side by side within an inner list. Returns the task id."""
    lookups.convert(srcs, list, check_only=True)
    return _user_task(call, "chainbuild", [srcs, target, opts or {}], priority, channel)


@exported("wrapperRPM")
def wrapper_rpm(
    call: Call,
    build: Any,
    url: str,
    target: Any,
    priority: int | None = None,
    channel: str = "maven",
    opts: Any = None,
) -> int:
    """Make packages around a build's archives, from a spec file template in an SCM. Returns the task id."""
    sessions.assert_login(call)
    lookups.convert(url, str, check_only=True)
    opts = {name: value for name, value in (opts or {}).items() if name != "repo_id"}
    info = builds.get_build(call, build, strict=True)
    if rpms.list_rpms(call, build_id=info["id"]) and not (opts.get("scratch") or opts.get("create_build")):
        raise koji.PreBuildError(f"wrapper rpms for {koji.buildLabel(info)} have already been built")
    arguments = [url, targets.get_build_target(call, target, strict=True), info, None, opts]
    lookups.convert(channel, str, check_only=True)
    return _user_task(call, "wrapperRPM", arguments, priority, channel)


@exported("restartHosts")
def restart_hosts(call: Call, priority: int = 5, options: Any = None) -> int:
    """Have every builder restart. Returns the task id."""
    users.assert_perm(call, "host")
    if options is not None and not isinstance(options, dict):
        raise koji.ParameterError(f"Invalid type of options: {type(options)}")
    return task_creation.make_task(
        call, "restartHosts", [] if options is None else [options], priority=priority
    )


@exported("getTaskInfo")
def get_task_info(call: Call, task_id: Any, request: bool = False, strict: bool = False) -> Any:
    """Find a task by its id, or for a list of ids each of them. One that does not exist is None; ``strict``
    raises GenericError instead."""
    if isinstance(task_id, list | tuple):
        return [tasks.task_info(call, one, strict=strict, request=request) for one in task_id]
    return tasks.task_info(call, task_id, strict=strict, request=request)


@exported("getTaskRequest", "taskId")
def get_task_request(call: Call, task_id: Any) -> Any:
    """Decode a task's arguments. Raises GenericError if there is no such task."""
    return tasks.request_of(call, task_id)


@exported("getTaskResult", "taskId")
def get_task_result(call: Call, task_id: Any, raise_fault: bool = True) -> Any:
    """Decode a finished task's result, or raise its fault. Without ``raise_fault`` a fault is returned as
    ``{faultCode, faultString}``. Raises GenericError for a task that is canceled or not finished."""
    return tasks.result_of(call, task_id, raise_fault=raise_fault)


@exported("taskFinished", "taskId")
def task_finished(call: Call, task_id: Any) -> bool:
    """Check whether a task is over."""
    return tasks.state_of(call, task_id) in tasks.FINISHED


def _children(call: Call, task_id: int, request: bool) -> list[Row]:
    return [tasks.task_info(call, child, request=request) for child in tasks.children_of(call, task_id)]


@exported("getTaskChildren")
def get_task_children(call: Call, task_id: Any, request: bool = False, strict: bool = False) -> list[Row]:
    """List a task's subtasks. ``strict``: GenericError if there is no such task."""
    task_id = lookups.convert(task_id, int)
    if strict:
        tasks.task_info(call, task_id)
    return _children(call, task_id, request)


@exported("getTaskDescendents")
def get_task_descendents(call: Call, task_id: Any, request: bool = False) -> dict[str, list[Row]]:
    """Collect the subtasks of a task and of everything below it: task id (as text) -> its subtasks."""
    found: dict[str, list[Row]] = {}
    pending = [lookups.convert(task_id, int)]
    while pending:
        current = pending.pop()
        found[str(current)] = _children(call, current, request)
        pending += [child["id"] for child in found[str(current)]]
    return found


TIMES = {
    "createdBefore": ("create_time", "<"),
    "createdAfter": ("create_time", ">"),
    "startedBefore": ("start_time", "<"),
    "startedAfter": ("start_time", ">"),
    "completeBefore": ("completion_time", "<"),
    "completeAfter": ("completion_time", ">"),
    "completedBefore": ("completion_time", "<"),
    "completedAfter": ("completion_time", ">"),
}


@exported("listTasks", "queryOpts")
def list_tasks(call: Call, opts: Any = None, query_opts: Any = None) -> Any:
    """List tasks by arch, state, owner, host_id, channel_id, parent (a value, a list, None; with ``not_`` in
    front the opposite), method, times; ``decode``: request and result decoded."""
    opts = opts or {}
    query = (
        tasks.select_tasks()
        .columns("task.request", "task.result")
        .join("JOIN users ON users.id = task.owner")
    )
    query.columns(owner_name="users.name", owner_type="users.usertype")
    for name in ("arch", "state", "owner", "host_id", "channel_id", "parent"):
        for key, negate in ((name, False), (f"not_{name}", True)):
            if key in opts:
                _filter(query, f"task.{name}", opts[key], negate)
    if "method" in opts:
        query.where("method = ?", opts["method"])
    for key, (column, sign) in TIMES.items():
        if opts.get(key) is not None:
            as_text = isinstance(opts[key], str)
            query.where(f"{'iso' if as_text else ''}(task.{column}) {sign} ?", opts[key])
    rows = apply_options(query.order("task.id").all(call.db), query_opts)
    if opts.get("decode") and isinstance(rows, list) and not (query_opts or {}).get("asList"):
        for row in rows:
            row["request"] = wire.decode_request(row["request"])
            row["result"] = _decoded_result(row["result"])
    return rows


def _filter(query: Select, column: str, value: Any, negate: bool) -> None:
    if isinstance(value, list | tuple):
        query.where_in(column, value, negate=negate)
    else:
        query.where(column + (" IS NOT ?" if negate else " IS ?"), value)


def _decoded_result(result: str | None) -> Any:
    if not result:
        return result
    try:
        return [wire.decode_result(result)]
    except koji.xmlrpcplus.Fault as fault:
        return {"faultCode": fault.faultCode, "faultString": fault.faultString}


def _assert_may_cancel(call: Call, task_id: Any) -> None:
    owner = tasks.owner_of(call, task_id)
    if call.session.user_id == owner or tasks.runs_on(call, task_id, hosts.caller_host(call)):
        return
    if not users.has_perm(call, "admin"):
        raise koji.ActionNotAllowed("Cannot cancel task, not owner")


@exported("cancelTask")
def cancel_task(call: Call, task_id: Any, recurse: bool = True) -> None:
    """Cancel a task and its subtasks. Raises ActionNotAllowed unless its owner, its builder or an admin
    calls."""
    _assert_may_cancel(call, task_id)
    cancelling.cancel_task(call, int(task_id), recurse=recurse)


@exported("cancelTaskChildren")
def cancel_task_children(call: Call, task_id: Any) -> None:
    """Cancel a task's subtasks, not itself. Raises ActionNotAllowed as cancelTask does."""
    sessions.assert_login(call)
    _assert_may_cancel(call, task_id)
    for child in tasks.children_of(call, int(task_id)):
        cancelling.cancel_task(call, child)


@exported("cancelTaskFull")
def cancel_task_full(call: Call, task_id: Any, strict: bool = True) -> None:
    """Cancel a whole tree of tasks; without ``strict`` any task of it may be named."""
    users.assert_perm(call, "admin")
    info = tasks.task_info(call, task_id)
    if info["parent"] is not None and strict:
        raise koji.GenericError(f"Task {info['id']} is not top-level (parent={info['parent']})")
    while info["parent"] is not None:
        info = tasks.task_info(call, info["parent"])
    cancelling.cancel_tree(call, info["id"])


@exported("freeTask")
def free_task(call: Call, task_id: Any) -> None:
    """Put an open or assigned task back for any builder to take. Raises GenericError for one that is over."""
    users.assert_perm(call, "admin")
    tasks.free_task(call, task_id)


@exported("assignTask")
def assign_task(call: Call, task_id: Any, host: Any, force: bool = False, override: bool = False) -> bool:
    """Give a free task (``force``: any) to a builder. Returns whether it did. ``override``: kept until
    opened."""
    del override
    host_id = hosts.get_host(call, host, strict=True)["id"]
    users.assert_perm(call, "admin")
    if not force and tasks.state_of(call, task_id) != tasks.FREE:
        return False
    tasks.assign_task(call, int(task_id), host_id)
    return True


@exported("setTaskPriority")
def set_task_priority(call: Call, task_id: Any, priority: int, recurse: bool = True) -> None:
    """Change a task's priority, and its subtasks'."""
    users.assert_perm(call, "admin")
    if tasks.state_of(call, task_id) in tasks.FINISHED:
        raise koji.GenericError("Finished task's priority can't be updated")
    pending = [int(task_id)]
    while pending:
        current = pending.pop()
        call.db.update("task", {"priority": int(priority)}, {"id": current})
        pending += tasks.children_of(call, current) if recurse else []


@exported("resubmitTask", "taskID")
def resubmit_task(call: Call, task_id: Any) -> int:
    """Make a canceled or failed top-level task again. Returns the new task's id."""
    sessions.assert_login(call)
    info = tasks.task_info(call, task_id)
    if info["state"] not in (tasks.CANCELED, tasks.FAILED):
        raise koji.GenericError("only canceled or failed tasks may be resubmitted")
    if info["parent"] is not None:
        raise koji.GenericError("only top-level tasks may be resubmitted")
    if call.session.user_id != info["owner"] and not users.has_perm(call, "admin"):
        raise koji.GenericError("only the task owner or an admin may resubmit a task")
    options = {"arch": info["arch"], "priority": info["priority"]}
    options["channel"] = channels.get_channel(call, info["channel_id"], strict=True)["name"]
    return task_creation.make_task(call, info["method"], tasks.request_of(call, info["id"]), **options)
