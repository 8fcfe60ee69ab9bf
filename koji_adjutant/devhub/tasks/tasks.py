"""Tasks: what they are and how their states change.

They are made in task_creation.py and canceled in cancelling.py; the calls about them are in task_calls.py
(users') and host_tasks.py (builders')."""

from __future__ import annotations

import time
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups, wire
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import hosts

FREE, OPEN, CLOSED, CANCELED, ASSIGNED, FAILED = (
    koji.TASK_STATES[name] for name in ("FREE", "OPEN", "CLOSED", "CANCELED", "ASSIGNED", "FAILED")
)
FINISHED = (CLOSED, CANCELED, FAILED)

PLAIN = ("id", "state", "channel_id", "host_id", "parent", "label", "waiting", "awaited", "owner", "method")


def select_tasks() -> Select:
    """Start a query with the columns that calls about tasks return."""
    query = Select("task").columns(*(f"task.{name}" for name in (*PLAIN, "arch", "priority", "weight")))
    for moment in ("create", "start", "completion"):
        query.columns(f"iso(task.{moment}_time) AS {moment}_time", f"task.{moment}_time AS {moment}_ts")
    return query


def task_info(call: Call, task_id: Any, *, strict: bool = True, request: bool = False) -> Any:
    """Find a task by its id; ``request`` adds its decoded arguments. Raises GenericError if there is none;
    without ``strict`` returns None instead."""
    task_id = lookups.convert(task_id, int)
    task = select_tasks().where("id = ?", task_id).one(call.db)
    if task is None:
        if strict:
            raise koji.GenericError("query returned no rows")
        return None
    if request:
        task["request"] = request_of(call, task_id)
    return task


def request_of(call: Call, task_id: int) -> Any:
    """Decode a task's arguments. Raises GenericError if there is no such task."""
    return wire.decode_request(_field(call, task_id, "request"))


def _field(call: Call, task_id: Any, name: str) -> Any:
    row = Select("task").columns(name).where("id = ?", lookups.convert(task_id, int)).one(call.db)
    if row is None:
        raise koji.GenericError(f"No such task: {task_id}")
    return row[name]


def state_of(call: Call, task_id: Any) -> int:
    """Look up a task's state. Raises GenericError if there is no such task."""
    state: int = _field(call, task_id, "state")
    return state


def owner_of(call: Call, task_id: Any) -> int:
    """Look up the user that a task belongs to. Raises GenericError if there is no such task."""
    owner: int = _field(call, task_id, "owner")
    return owner


def runs_on(call: Call, task_id: Any, host_id: int | None) -> bool:
    """Check whether the task is OPEN on the builder."""
    holder = _field(call, task_id, "host_id")
    return host_id is not None and holder == host_id and state_of(call, task_id) == OPEN


def assert_host(call: Call, task_id: Any) -> int:
    """Require that a task is open on the calling builder, and return the builder's id. Raises
    ActionNotAllowed if it is not, AuthError if the caller is no builder."""
    host_id = hosts.require_host(call)
    if not runs_on(call, task_id, host_id):
        raise koji.ActionNotAllowed(f"host {host_id} does not own task {int(task_id)}")
    return host_id


def open_task(call: Call, task_id: Any, host_id: int) -> Any:
    """Start a task on a builder: one that is free or assigned to it. Returns the task with its raw
    ``request``, or None if somebody else has it or it is over."""
    row = select_tasks().where("id = ?", lookups.convert(task_id, int)).one(call.db)
    if row is None:
        raise koji.GenericError(f"No such task: {task_id}")
    mine = row["state"] == ASSIGNED and row["host_id"] == host_id
    if not mine and not (row["state"] == FREE and row["host_id"] is None):
        return None
    values = {"state": OPEN, "host_id": host_id, "start_time": time.time()}
    call.db.update("task", values, {"id": row["id"]})
    return select_tasks().columns("task.request").where("id = ?", row["id"]).one(call.db)


def assign_task(call: Call, task_id: int, host_id: int) -> None:
    """Give a task to a builder, which will see it in host.getTasks."""
    values = {"state": ASSIGNED, "host_id": host_id, "assign_time": time.time()}
    call.db.update("task", values, {"id": task_id})


def free_task(call: Call, task_id: Any) -> None:
    """Put an open or assigned task back for any builder to take. Raises GenericError for one that is over."""
    state = state_of(call, task_id)
    if state in FINISHED:
        raise koji.GenericError(f"Cannot free task {int(task_id)}, state is {koji.TASK_STATES[state]}")
    call.db.update("task", {"state": FREE, "host_id": None, "assign_time": None}, {"id": int(task_id)})


def finish_task(call: Call, task_id: Any, result: str, state: int) -> None:
    """End a task with a result (XML). For CLOSED it must be readable; for FAILED it is kept as it is."""
    values = {"result": result, "state": state, "completion_time": time.time()}
    call.db.update("task", values, {"id": int(task_id)})
    if state == CLOSED:
        wire.decode_result(result)


def result_of(call: Call, task_id: Any, *, raise_fault: bool = True) -> Any:
    """Decode a finished task's result. The fault of a failed one is raised, or without ``raise_fault``
    returned as a dictionary. Raises GenericError for a task that is canceled or not finished."""
    row = (
        Select("task")
        .columns("id", "state", "result")
        .where("id = ?", lookups.convert(task_id, int))
        .one(call.db)
    )
    if row is None:
        raise koji.GenericError("No such task")
    if row["state"] == CANCELED:
        raise koji.GenericError(f"Task {row['id']} is canceled")
    if row["state"] not in FINISHED:
        raise koji.GenericError(f"Task {row['id']} is not finished")
    try:
        return wire.decode_result(row["result"])
    except koji.xmlrpcplus.Fault as fault:
        if raise_fault:
            raise
        return {"faultCode": fault.faultCode, "faultString": fault.faultString}


def children_of(call: Call, task_id: int) -> list[int]:
    """List the ids of a task's subtasks."""
    return [row["id"] for row in call.db.all("SELECT id FROM task WHERE parent = ? ORDER BY id", (task_id,))]
