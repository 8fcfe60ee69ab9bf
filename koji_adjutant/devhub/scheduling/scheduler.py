"""Which builder gets which task.

Runs when a builder asks for tasks and has none assigned. A task goes to a builder that is enabled, ready and
was seen lately, listens to the task's channel, has its arch (every builder has noarch), has room (number of
tasks, capacity), and has not refused it; among those to the one with the least to do. Numbers are a real
hub's defaults.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import koji
import koji.tasks

from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import channels, hosts, users
from koji_adjutant.devhub.tags import inheritance, tags
from koji_adjutant.devhub.tasks import task_creation, tasks

log = logging.getLogger(__name__)

MAX_JOBS = 15
CAPACITY_OVERCOMMIT = 5.0
READY_TIMEOUT = 180.0
ASSIGN_TIMEOUT = 300.0
SOFT_REFUSAL_TIMEOUT = 900.0
HOST_TIMEOUT = 900.0

TAG_ARGUMENT = {"buildArch": "root", "buildSRPMFromSCM": "build_tag", "rebuildSRPM": "build_tag"}
"""Methods whose noarch tasks need a builder that has one of the tag's arches, and the argument that is the
tag."""


def assigned(call: Call, host_id: int) -> list[Row]:
    """List the tasks assigned to a builder, most urgent first."""
    query = Select("task").columns("id", "state", "channel_id", "host_id", "arch", "method", "priority")
    query.columns(create_ts="create_time").where("host_id = ? AND state = ?", host_id, tasks.ASSIGNED)
    return query.order("priority, create_time").all(call.db)


def run_and_list(call: Call, host_id: int) -> list[Row]:
    """Assign what can be assigned, and list what the builder has got."""
    run(call)
    return assigned(call, host_id)


def run(call: Call) -> None:
    """Assign tasks for one round: time-outs first, then free tasks in order of priority and age."""
    available = _hosts(call)
    _free_lost_tasks(call, available)
    _add_load(call, available)
    refused = _refusals(call)
    query = Select("task").columns("id", "channel_id", "arch", "weight").where("state = ?", tasks.FREE)
    for task in query.order("priority, create_time").all(call.db):
        fitting = [
            host
            for host in available.values()
            if host["ready"] and _can_take(host, task) and (task["id"], host["id"]) not in refused
        ]
        if fitting:
            chosen = min(fitting, key=lambda host: (host["load"] + host["ntasks"], host["id"]))
            tasks.assign_task(call, task["id"], chosen["id"])
            chosen["load"] += task["weight"]
            chosen["ntasks"] += 1


def _can_take(host: Row, task: Row) -> bool:
    needed = max(0.0, task["weight"] - CAPACITY_OVERCOMMIT)
    return (
        task["channel_id"] in host["channels"]
        and task["arch"] in host["arch_list"]
        and host["ntasks"] < host["max_jobs"]
        and host["capacity"] - host["load"] > needed
    )


def _hosts(call: Call) -> dict[int, Row]:
    """Find the enabled builders, by id, with what they can take; one that has not been seen lately is marked
    not ready."""
    found: dict[int, Row] = {}
    for host in hosts.list_hosts(call, enabled=True):
        if host["ready"] and time.time() - (host["update_ts"] or 0) > READY_TIMEOUT:
            call.db.update("host", {"ready": 0}, {"id": host["id"]})
            host["ready"] = False
        host["channels"] = {
            channel["id"] for channel in channels.list_channels(call, host["id"], enabled=True)
        }
        host["arch_list"] = {"noarch", *(host["arches"] or "").split()}
        data = Select("host").columns("data").where("id = ?", host["id"]).value(call.db) or {}
        host.update(load=0.0, ntasks=0, max_jobs=data.get("maxjobs") or MAX_JOBS)
        found[host["id"]] = host
    return found


def _active(call: Call) -> list[Row]:
    query = Select("task").columns("id", "state", "host_id", "waiting", "weight", "assign_time")
    return query.where_in("state", (tasks.ASSIGNED, tasks.OPEN)).all(call.db)


def _add_load(call: Call, available: dict[int, Row]) -> None:
    for task in _active(call):
        host = available.get(task["host_id"])
        if host is not None:
            host["ntasks"] += 1
            host["load"] += 0.0 if task["waiting"] else task["weight"]


def _free_lost_tasks(call: Call, available: dict[int, Row]) -> None:
    """Free tasks that were assigned long ago and not opened (which counts as a refusal if the builder has
    been seen since), and those of builders that have fallen silent. A task that an admin assigned has no
    time and is kept."""
    now = time.time()
    for task in _active(call):
        host, since = available.get(task["host_id"]), task["assign_time"]
        if host is None or since is None:
            continue
        seen = host["update_ts"] or 0.0
        if task["state"] == tasks.ASSIGNED and now - since > ASSIGN_TIMEOUT:
            if seen > since:
                refuse(call, task["id"], host["id"], msg="assignment timeout")
            log.info("task %d: builder %s did not open it", task["id"], host["name"])
            tasks.free_task(call, task["id"])
        elif task["state"] == tasks.OPEN and now - seen > HOST_TIMEOUT:
            log.info("task %d: builder %s has fallen silent", task["id"], host["name"])
            tasks.free_task(call, task["id"])


def refuse(
    call: Call, task_id: int, host_id: int, *, soft: bool = True, by_host: bool = False, msg: str = ""
) -> None:
    """Remember that a builder does not take a task: for a while, or for good."""
    where = {"task_id": task_id, "host_id": host_id}
    call.db.delete("task_refusals", where)
    call.db.insert(
        "task_refusals", {**where, "soft": soft, "by_host": by_host, "msg": msg, "time": time.time()}
    )


def _refusals(call: Call) -> set[tuple[int, int]]:
    """Collect the (task id, host id) of refusals that still hold; the others are forgotten."""
    holding = set()
    query = Select("task_refusals AS refusal", "JOIN task ON task.id = refusal.task_id")
    for row in query.columns("refusal.id", "task_id", "refusal.host_id", "soft", "time", "state").all(
        call.db
    ):
        over = row["soft"] and time.time() - row["time"] > SOFT_REFUSAL_TIMEOUT
        if over or row["state"] in tasks.FINISHED:
            call.db.delete("task_refusals", {"id": row["id"]})
        else:
            holding.add((row["task_id"], row["host_id"]))
    return holding


@task_creation.for_each_new_task
def refuse_wrong_arches(call: Call, task_id: int) -> None:
    """Refuse a noarch task that needs one of the tag's arches, for good, on behalf of builders that have
    none."""
    info = tasks.task_info(call, task_id, request=True)
    if info["arch"] != "noarch" or info["method"] not in TAG_ARGUMENT:
        return
    try:
        parameters = koji.tasks.parse_task_params(info["method"], info["request"])
    except (TypeError, koji.ParameterError):
        return  # such a task fails when a builder looks at it
    tag = tags.get_tag(call, parameters[TAG_ARGUMENT[info["method"]]])
    if tag is None:
        return
    wanted = {
        koji.canonArch(arch)
        for arch in (inheritance.get_build_config(call, tag["id"])["arches"] or "").split()
    }
    for host in hosts.list_hosts(call, channel_id=info["channel_id"], enabled=True):
        if wanted and not wanted & set((host["arches"] or "").split()):
            refuse(call, task_id, host["id"], soft=False, msg="automatic arch refusal")


@exported("scheduler.getTaskRefusals")
def get_task_refusals(call: Call, clauses: Any = None, fields: Any = None) -> Any:
    """List who has refused which task and why. ``clauses``: ``[[field, "=", value], …]``; ParameterError for
    other operators, and fields other than the ids."""
    del fields
    query = Select("task_refusals").columns("id", "task_id", "host_id", "by_host", "soft", "msg", ts="time")
    return _filtered(query, clauses, {name: name for name in ("id", "task_id", "host_id")}).all(call.db)


@exported("scheduler.getTaskRuns")
def get_task_runs(call: Call, clauses: Any = None, fields: Any = None) -> Any:
    """List to whom the scheduler gave which task: the last time only, and under the task's own id. What was
    assigned when it was made, or by an admin, is not listed. ``clauses`` as for getTaskRefusals."""
    del fields
    query = Select("task").columns("id", "host_id", task_id="id", create_ts="assign_time")
    query.columns(active=f"state IN ({tasks.OPEN}, {tasks.ASSIGNED})").where("assign_time IS NOT NULL")
    return _filtered(query, clauses, {"id": "id", "task_id": "id", "host_id": "host_id"}).all(call.db)


def _filtered(query: Select, clauses: Any, columns: Mapping[str, str]) -> Select:
    for field, sign, value in clauses or []:
        if field not in columns or sign != "=":
            raise koji.ParameterError(f"devhub cannot filter by {field} {sign}")
        query.where(f"{columns[field]} = ?", value)
    return query.order("id")


@exported("scheduler.getHostData", "hostID")
def get_host_data(call: Call, host_id: int | None = None) -> list[Row]:
    """List what builders reported to the scheduler: ``[{host_id, data}]``."""
    query = Select("host").columns("data", host_id="id").where("data IS NOT NULL")
    if host_id is not None:
        query.where("id = ?", host_id)
    return query.order("id").all(call.db)


@exported("scheduler.doRun")
def do_run(call: Call, force: bool = False) -> bool:
    """Run the scheduler now."""
    del force
    users.assert_perm(call, "admin")
    run(call)
    return True
