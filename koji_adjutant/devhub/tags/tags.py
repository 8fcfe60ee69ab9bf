"""Tags: their configuration and extra values."""

from __future__ import annotations

import json
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import users

CONFIG = ("arches", "perm_id", "locked", "maven_support", "maven_include_all")

VERSIONED = (
    "tag_config",
    "tag_extra",
    "tag_inheritance",
    "tag_packages",
    "tag_package_owners",
    "tag_external_repos",
    "tag_listing",
    "group_config",
    "group_package_listing",
    "group_req_listing",
)
"""The tables that hold what a tag consists of."""


def select_tags() -> Select:
    """Start a query with the columns that calls about tags return."""
    query = Select("tag_config", "JOIN tag ON tag.id = tag_config.tag_id")
    query.join("LEFT JOIN permissions ON permissions.id = tag_config.perm_id")
    return query.columns("tag.id", "tag.name", *CONFIG, perm="permissions.name")


@exported("getTag", "tagInfo")
def get_tag(call: Call, tag_info: Any, strict: bool = False, event: Any = None, blocked: bool = False) -> Any:
    """Find a tag by id or name: ``{id, name, arches, perm, perm_id, locked, maven_support, maven_include_all,
    extra}``. Returns None if there is none; ``strict`` raises GenericError instead.

    ``event``: as it was then (the result has ``query_event``), ``"auto"``: as it is or last was before it was
    deleted (then with ``revoke_event``). ``blocked``: extra values are (blocked, value) pairs.
    """
    condition, key = lookups.id_or_name("tag", tag_info)
    query = select_tags().where(condition, key)
    if event == "auto":
        last = Select("tag_config", "JOIN tag ON tag.id = tag_config.tag_id").columns("revoke_event")
        revoked = last.where(condition, key).order("tag_config.create_event DESC").value(call.db)
        event = None
        if revoked is not None:
            event = revoked - 1
            query.columns("tag_config.revoke_event")
    tag = query.at("tag_config", event).one(call.db)
    if tag is None:
        if strict:
            raise koji.GenericError(f"No such tagInfo: {tag_info!r}")
        return None
    tag["extra"] = _extra(call, tag["id"], event, blocked)
    if event is not None:
        tag["query_event"] = event
    return tag


def _extra(call: Call, tag_id: int, event: int | None, blocked: bool) -> dict[str, Any]:
    query = Select("tag_extra").columns("key", "value").at("tag_extra", event).where("tag_id = ?", tag_id)
    extra: dict[str, Any] = {}
    for row in query.all(call.db):
        value = None if row["value"] is None else json.loads(row["value"])
        if blocked:
            extra[row["key"]] = (row["value"] is None, value)
        elif row["value"] is not None:
            extra[row["key"]] = value
    return extra


@exported("getTagID")
def get_tag_id(call: Call, info: Any, strict: bool = False, create: bool = False) -> Any:
    """Find the id of a tag, deleted ones too. Returns None if there is none; ``strict`` raises GenericError
    instead."""
    del create
    return lookups.lookup_id(call, "tag", info, strict=strict)


@exported("editTag2", "tagInfo")
def edit_tag(call: Call, tag_info: Any, **changes: Any) -> None:
    """Change a tag: name, arches, locked, perm, extra, remove_extra, block_extra."""
    users.assert_perm(call, "tag")
    if "maven_support" in changes or "maven_include_all" in changes:
        raise koji.GenericError("devhub does not have Maven tags; a real hub does")
    tag = get_tag(call, tag_info, strict=True)
    if changes.get("name") and changes["name"] != tag["name"]:
        _rename(call, tag, changes["name"])
    if changes.get("arches"):
        changes["arches"] = koji.parse_arches(changes["arches"], strict=True, allow_none=True)
    if "perm" in changes:
        changes.setdefault("perm_id", changes["perm"])
    if changes.get("perm_id") is not None:
        changes["perm_id"] = lookups.require_id(call, "permissions", changes["perm_id"])
    config = {name: changes.get(name, tag[name]) for name in CONFIG}
    if any(config[name] != tag[name] for name in CONFIG):
        call.revoke("tag_config", tag_id=tag["id"])
        call.add("tag_config", tag_id=tag["id"], **config)
    _edit_extra(call, tag, changes)


def _rename(call: Call, tag: Row, name: str) -> None:
    lookups.verify_name(name)
    taken = lookups.lookup_id(call, "tag", name)
    if taken is not None:
        raise koji.GenericError(f"Name {name} already taken by tag {taken}")
    call.db.update("tag", {"name": name}, {"id": tag["id"]})


def _edit_extra(call: Call, tag: Row, changes: dict[str, Any]) -> None:
    for name in ("remove_extra", "block_extra"):
        lookups.convert(changes.get(name), list, none_allowed=True, check_only=True)
    values, removed = changes.get("extra") or {}, changes.get("remove_extra") or []
    blocked = changes.get("block_extra") or []
    for key in values:
        if key in removed or key in blocked:
            raise koji.GenericError(f"Can not both add/update and remove tag-extra: '{key}'")
    unknown = [key for key in removed if key not in _extra(call, tag["id"], None, blocked=True)]
    if unknown:
        raise koji.GenericError(f"Tag: {tag['name']} doesn't have extra: {', '.join(unknown)}")
    for key, value in values.items():
        if key not in tag["extra"] or tag["extra"][key] != value:
            call.revoke("tag_extra", tag_id=tag["id"], key=key)
            call.add("tag_extra", tag_id=tag["id"], key=key, value=json.dumps(value))
    for key in blocked:
        call.revoke("tag_extra", tag_id=tag["id"], key=key)
        call.add("tag_extra", tag_id=tag["id"], key=key, value=None)
    for key in removed:
        call.revoke("tag_extra", tag_id=tag["id"], key=key)


@exported("editTag", "tagInfo", "permissionID")
def old_edit_tag(
    call: Call, tag_info: Any, name: str, arches: str, locked: bool, permission_id: Any, extra: Any = None
) -> None:
    """Change a tag: the older form of editTag2."""
    edit_tag(call, tag_info, name=name, arches=arches, locked=locked, perm_id=permission_id, extra=extra)
