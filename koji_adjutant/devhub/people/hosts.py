"""Builders: their records, and who may make ``host.*`` calls."""

from __future__ import annotations

import re
import time
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row, iso_time
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users

CONFIG = ("arches", "capacity", "description", "comment", "enabled")


def caller_host(call: Call) -> int | None:
    """Find the host id of the caller. Returns None if it is no builder."""
    host_id: int | None = call.db.value("SELECT id FROM host WHERE user_id IS ?", (call.session.user_id,))
    return host_id


def require_host(call: Call) -> int:
    """Find the caller's host id. Raises AuthError unless the caller is a builder with an exclusive
    session."""
    host_id = caller_host(call) if call.session.logged_in else None
    if host_id is None:
        if call.session.logged_in:
            raise koji.AuthError(f"User {call.session.user_id} is not a host")
        raise koji.AuthError("Not logged-in")
    if not call.session.exclusive:
        raise koji.AuthError("This method requires an exclusive session")
    return host_id


def _query(event: int | None = None) -> Select:
    query = Select("host_config", "JOIN host ON host.id = host_config.host_id").at("host_config", event)
    query.columns("host.id", "host.user_id", "host.name", "ready", "task_load", update_ts="host.update_time")
    return query.columns(*CONFIG)


@exported("getHost", "hostInfo")
def get_host(call: Call, host_info: Any, strict: bool = False, event: int | None = None) -> Any:
    """Find a builder, by id or name, as it is now or was at an event.

    Returns ``{id, user_id, name, update_ts, ready, task_load}`` and the fields in CONFIG, or None if there is
    none; ``strict`` raises GenericError instead.
    """
    host = _query(event).where(*lookups.id_or_name("host", host_info)).one(call.db)
    if host is None and strict:
        raise koji.GenericError(f"Invalid hostInfo: {host_info}")
    return host


@exported("listHosts", "channelID", "userID", "queryOpts")
def list_hosts(
    call: Call,
    arches: Any = None,
    channel_id: Any = None,
    ready: bool | None = None,
    enabled: bool | None = None,
    user_id: Any = None,
    query_opts: Any = None,
) -> Any:
    """List builders by arches (any of a list), channel, state, user."""
    query = _query()
    if arches is not None:
        wanted = [arches] if isinstance(arches, str) else arches
        if not wanted:
            raise koji.GenericError("arches option cannot be empty")
        words = "|".join(re.escape(arch) for arch in wanted)
        query.where("regexp(?, arches)", rf"(?<!\w)({words})(?!\w)")
    if channel_id is not None:
        query.join("JOIN host_channels ON host_channels.host_id = host.id AND host_channels.active = 1")
        query.where("host_channels.channel_id = ?", lookups.require_id(call, "channels", channel_id))
    if ready is not None:
        query.where("ready = ?", bool(ready))
    if enabled is not None:
        query.where("enabled = ?", bool(enabled))
    if user_id is not None:
        query.where("user_id = ?", users.get_user(call, user_id, strict=True)["id"])
    return apply_options(query.all(call.db), query_opts)


@exported("addHost")
def add_host(
    call: Call, hostname: str, arches: list[str], krb_principal: str | None = None, force: bool = False
) -> int:
    """Add a builder and its user (with no password yet), in the channel ``default``. Returns the host id."""
    users.assert_perm(call, "host")
    lookups.verify_name(hostname)
    lookups.verify_user_name(hostname)
    arch_text = koji.parse_arches(" ".join(arches), strict=True)
    if get_host(call, hostname):
        raise koji.GenericError(f"host already exists: {hostname}")
    user_id = _host_user(call, hostname, force)
    if krb_principal:
        call.db.insert("user_krb_principals", {"user_id": user_id, "krb_principal": krb_principal})
    host_id = call.db.insert("host", {"user_id": user_id, "name": hostname})
    call.add("host_config", host_id=host_id, arches=arch_text)
    call.add("host_channels", host_id=host_id, channel_id=lookups.require_id(call, "channels", "default"))
    return host_id


def _host_user(call: Call, hostname: str, force: bool) -> int:
    user = users.get_user(call, {"name": hostname})
    if user is None:
        return users.insert_user(call, hostname, users.HOST)
    user_id: int = user["id"]
    if user["usertype"] != users.HOST:
        if not force or user["usertype"] != users.NORMAL:
            raise koji.GenericError(f"user {hostname} already exists and it is not a host")
        call.db.update("users", {"usertype": users.HOST}, {"id": user_id})
    return user_id


def _change(call: Call, host: Row, changes: dict[str, Any]) -> None:
    call.revoke("host_config", host_id=host["id"])
    call.add("host_config", host_id=host["id"], **{name: host[name] for name in CONFIG} | changes)


@exported("editHost", "hostInfo")
def edit_host(call: Call, host_info: Any, **changes: Any) -> bool:
    """Change arches, capacity, description or comment. Returns whether anything was different."""
    users.assert_perm(call, "host")
    host = get_host(call, host_info, strict=True)
    different = {
        name: changes[name] for name in CONFIG[:4] if name in changes and changes[name] != host[name]
    }
    if not different:
        return False
    for name in set(different) - {"capacity"}:
        lookups.convert(different[name], str, check_only=True)
    _change(call, host, different)
    return True


def _set_enabled(call: Call, hostname: str, enabled: bool) -> None:
    users.assert_perm(call, "host")
    host = get_host(call, hostname)
    if not host:
        raise koji.GenericError(f"host does not exist: {hostname}")
    _change(call, host, {"enabled": enabled})


@exported("enableHost")
def enable_host(call: Call, hostname: str) -> None:
    """Let a builder have tasks."""
    _set_enabled(call, hostname, True)


@exported("disableHost")
def disable_host(call: Call, hostname: str) -> None:
    """Give a builder no more tasks."""
    _set_enabled(call, hostname, False)


@exported("getLastHostUpdate", "hostID")
def get_last_host_update(call: Call, host_id: int, ts: bool = False) -> Any:
    """Find out when a session of the builder's user was last used: ISO text, or with ``ts`` seconds since the
    epoch. None: never."""
    last = call.db.value(
        "SELECT max(sessions.update_time) FROM sessions JOIN host ON host.user_id = sessions.user_id"
        " WHERE host.id = ?",
        (host_id,),
    )
    return last if ts else iso_time(last)


@exported("getAllArches")
def get_all_arches(call: Call) -> list[str]:
    """List every arch that a builder has, in koji's spelling."""
    rows = call.db.all("SELECT arches FROM host_config WHERE active = 1")
    return sorted({koji.canonArch(arch) for row in rows for arch in (row["arches"] or "").split()})


@exported("host.getID")
def get_id(call: Call) -> int:
    """Find the calling builder's id. Raises AuthError for others, as the other ``host.*`` calls do."""
    return require_host(call)


@exported("host.getHost")
def get_own_host(call: Call) -> Any:
    """Find the calling builder's record."""
    return get_host(call, require_host(call))


@exported("host.isEnabled")
def is_enabled(call: Call) -> bool:
    """Find out whether the calling builder is enabled."""
    enabled: bool = get_host(call, require_host(call), strict=True)["enabled"]
    return enabled


@exported("host.updateHost")
def update_host(call: Call, task_load: float, ready: bool, data: dict[str, Any] | None = None) -> None:
    """Record a builder's sign of life: load, whether it takes tasks, data for the scheduler (``maxjobs``)."""
    host_id = require_host(call)
    values = {"task_load": float(task_load), "ready": bool(ready), "update_time": time.time()}
    call.db.update("host", values, {"id": host_id})
    if data is not None:
        set_host_data(call, data)


@exported("host.setHostData")
def set_host_data(call: Call, hostdata: dict[str, Any]) -> None:
    """Keep what a builder has for the scheduler. Raises ParameterError for what is no dictionary."""
    host_id = require_host(call)
    if not isinstance(hostdata, dict):
        raise koji.ParameterError("Host data should be a dictionary")
    call.db.update("host", {"data": hostdata}, {"id": host_id})
