"""Channels: which builders take which tasks."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import hosts, users

FIELDS = ("channels.id", "channels.name", "channels.description", "channels.enabled", "channels.comment")


@exported("getChannel", "channelInfo")
def get_channel(call: Call, channel_info: Any, strict: bool = False) -> Any:
    """Find a channel by id or name: ``{id, name, description, enabled, comment}``. Returns None if there is
    none; ``strict`` raises GenericError instead."""
    query = Select("channels").columns(*FIELDS).where(*lookups.id_or_name("channels", channel_info))
    channel = query.one(call.db)
    if channel is None and strict:
        raise koji.GenericError("query returned no rows")
    return channel


@exported("listChannels", "hostID")
def list_channels(
    call: Call, host_id: Any = None, event: int | None = None, enabled: bool | None = None
) -> list[Row]:
    """List all channels, or those of a builder, now or at an event. Raises GenericError for an event without
    a builder."""
    query = Select("channels").columns(*FIELDS)
    if host_id:
        if isinstance(host_id, str):
            host_id = hosts.get_host(call, host_id, strict=True)["id"]
        query.join("JOIN host_channels ON host_channels.channel_id = channels.id")
        query.at("host_channels", event).where("host_channels.host_id = ?", host_id)
    elif event:
        raise koji.GenericError("list_channels with event and not host is not allowed.")
    if enabled is not None:
        query.where("channels.enabled = ?", bool(enabled))
    return query.order("channels.id").all(call.db)


def _host_and_channel(call: Call, hostname: str, channel_name: str, create: bool = False) -> tuple[int, int]:
    host = hosts.get_host(call, hostname)
    if host is None:
        raise koji.GenericError(f"host does not exist: {hostname}")
    channel_id = lookups.lookup_id(call, "channels", channel_name, create=create)
    if channel_id is None:
        raise koji.GenericError(f"channel does not exist: {channel_name}")
    return host["id"], channel_id


@exported("addHostToChannel")
def add_host_to_channel(
    call: Call, hostname: str, channel_name: str, create: bool = False, force: bool = False
) -> None:
    """Let a builder take the tasks of a channel; ``create`` makes the channel."""
    users.assert_perm(call, "host")
    if create:
        lookups.verify_name(channel_name)
    host_id, channel_id = _host_and_channel(call, hostname, channel_name, create)
    if not force and not get_channel(call, channel_id)["enabled"]:
        raise koji.GenericError(f"channel {channel_name} is disabled")
    if any(channel["id"] == channel_id for channel in list_channels(call, host_id)):
        raise koji.GenericError(f"host {hostname} is already subscribed to the {channel_name} channel")
    call.add("host_channels", host_id=host_id, channel_id=channel_id)


@exported("removeHostFromChannel")
def remove_host_from_channel(call: Call, hostname: str, channel_name: str) -> None:
    """Keep a builder from the tasks of a channel: the opposite of addHostToChannel."""
    users.assert_perm(call, "host")
    host_id, channel_id = _host_and_channel(call, hostname, channel_name)
    if not call.revoke("host_channels", host_id=host_id, channel_id=channel_id):
        raise koji.GenericError(f"host {hostname} is not subscribed to the {channel_name} channel")


@exported("addChannel")
def add_channel(call: Call, channel_name: str, description: str | None = None) -> int:
    """Make a channel. Returns its id."""
    users.assert_perm(call, "admin")
    lookups.verify_name(channel_name)
    _refuse_duplicate(call, channel_name)
    return call.db.insert("channels", {"name": channel_name, "description": description})


def _refuse_duplicate(call: Call, name: str) -> None:
    existing = get_channel(call, name)
    if existing:
        raise koji.GenericError(f"channel {existing['name']} already exists (id={existing['id']})")


@exported("editChannel", "channelInfo")
def edit_channel(call: Call, channel_info: Any, **changes: Any) -> bool:
    """Change name, description or comment. Returns whether anything was different."""
    users.assert_perm(call, "admin")
    channel = get_channel(call, channel_info, strict=True)
    names = ("name", "description", "comment")
    different = {name: changes[name] for name in names if name in changes and changes[name] != channel[name]}
    if not different:
        return False
    if "name" in different:
        lookups.verify_name(different["name"])
        _refuse_duplicate(call, different["name"])
    call.db.update("channels", different, {"id": channel["id"]})
    return True


@exported("renameChannel")
def rename_channel(call: Call, old: Any, new: str) -> None:
    """Rename a channel."""
    edit_channel(call, old, name=new)


def _set_enabled(call: Call, name: str, enabled: bool, comment: str | None) -> None:
    users.assert_perm(call, "host")
    channel = get_channel(call, name)
    if not channel:
        raise koji.GenericError(f"No such channel: {name}")
    values = {"enabled": enabled} | ({} if comment is None else {"comment": comment})
    call.db.update("channels", values, {"id": channel["id"]})


@exported("enableChannel")
def enable_channel(call: Call, channelname: str, comment: str | None = None) -> None:
    """Let a channel have tasks."""
    _set_enabled(call, channelname, True, comment)


@exported("disableChannel")
def disable_channel(call: Call, channelname: str, comment: str | None = None) -> None:
    """Give a channel no more tasks."""
    _set_enabled(call, channelname, False, comment)
