"""Making tasks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import koji
import koji.tasks

from koji_adjutant.devhub.core import lookups, wire
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.people import channels, hosts, users
from koji_adjutant.devhub.tasks import tasks

LookAtTask = Callable[[Call, int], None]
_lookers: list[LookAtTask] = []


def for_each_new_task(look_at: LookAtTask) -> LookAtTask:
    """Have ``look_at(call, task_id)`` called for every task that is made. For use as a decorator.

    It is for the scheduler, which knows tags, which make tasks.
    """
    _lookers.append(look_at)
    return look_at


def make_task(call: Call, method: str, arguments: Any, **options: Any) -> int:
    """Add a task. Returns its id.

    Options: parent, label, owner (user id), channel (name), arch, priority, assign (host id or name). A
    child's owner, arch and channel are its parent's unless given, its priority one higher (a smaller
    number).
    """
    lookups.convert(method, str, check_only=True)
    _check_source(method, arguments)
    parent = _parent(call, options.get("parent"))
    label = options.get("label") if parent else None
    lookups.convert(label, str, none_allowed=True, check_only=True)
    owner = options.get("owner", parent["owner"] if parent else call.session.user_id)
    if owner is None:
        raise koji.GenericError("task must have an owner")
    arch = options.get("arch", parent["arch"] if parent else "noarch")
    default_priority = parent["priority"] - 1 if parent else koji.PRIO_DEFAULT
    values = {
        "state": tasks.FREE,
        "create_time": time.time(),
        "channel_id": _channel(call, options.get("channel"), parent),
        "parent": parent["id"] if parent else None,
        "label": label,
        "owner": owner if isinstance(owner, int) else users.get_user(call, owner, strict=True)["id"],
        "method": method,
        "request": wire.encode_request(method, arguments),
        "arch": koji.parse_arches(arch, strict=True, allow_none=True),
        "priority": lookups.convert(options.get("priority", default_priority), int),
    }
    if options.get("assign"):
        values["host_id"] = hosts.get_host(call, options["assign"], strict=True)["id"]
        values["state"] = tasks.ASSIGNED
    task_id = call.db.insert("task", values)
    for look_at in _lookers:
        look_at(call, task_id)
    return task_id


def _check_source(method: str, arguments: Any) -> None:
    """Refuse a source that is no text: a hub's channel policy may look at it (policy_data_from_task_args)."""
    try:
        parameters = koji.tasks.parse_task_params(method, arguments)
    except (koji.GenericError, TypeError, ValueError, LookupError, AttributeError):
        return  # such a task is the builder's to refuse
    if method == "newRepo":
        return  # its ``src`` says whether there are source packages
    source = next((name for name in ("src", "spec_url", "url") if name in parameters), None)
    if source:
        lookups.convert(parameters[source], str, check_only=True)


def _parent(call: Call, parent: Any) -> Row | None:
    if parent is None:
        return None
    row = tasks.select_tasks().where("id = ?", lookups.convert(parent, int)).one(call.db)
    if row is None:
        raise koji.GenericError(f"Invalid parent task: {parent}")
    if row["state"] != tasks.OPEN:
        raise koji.GenericError(f"Parent task (id {parent}) is not open")
    return row


def _channel(call: Call, wanted: Any, parent: Row | None) -> int:
    """Choose a channel as the default channel policy does: what was asked for, else the parent's, else
    ``default``. Raises GenericError if there is none of that name, or it is disabled."""
    if wanted is None and parent is not None:
        inherited: int = parent["channel_id"]
        return inherited
    name = "default" if wanted is None else wanted
    channel = channels.get_channel(call, name)
    if channel is None:
        raise koji.GenericError(f"No such channel: {name}")
    if not channel["enabled"]:
        raise koji.GenericError(f"Channel {name} is disabled.")
    channel_id: int = channel["id"]
    return channel_id
