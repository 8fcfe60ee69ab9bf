"""Groups of packages in tags: what ``dnf install @build`` means in a repo (comps.xml)."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import inheritance, tags

GROUP = (
    "exported",
    "display_name",
    "is_default",
    "uservisible",
    "description",
    "langonly",
    "biarchonly",
    "blocked",
)
PACKAGE = ("type", "basearchonly", "requires")
REQUIREMENT = ("type", "is_metapkg")


def tag_groups(call: Call, tag: Any, event: int | None = None, inherit: bool = True) -> dict[int, Row]:
    """Find the groups that count in a tag, by id, with ``packagelist`` (by name) and ``grouplist`` (by id);
    blocked groups and blocked entries are among them."""
    tag_id = lookups.require_id(call, "tag", tag)
    tag_ids = inheritance.tag_and_ancestors(call, tag_id, event) if inherit else [tag_id]
    found: dict[int, Row] = {}
    for tag_id in tag_ids:
        query = Select("group_config", "JOIN groups ON groups.id = group_id").columns(
            "name", "group_id", "tag_id"
        )
        for group in query.columns(*GROUP).at("group_config", event).where("tag_id = ?", tag_id).all(call.db):
            found.setdefault(group["group_id"], {**group, "packagelist": {}, "grouplist": {}})
    for tag_id in tag_ids:
        _add_members(call, tag_id, event, found)
    return found


def _add_members(call: Call, tag_id: int, event: int | None, groups: dict[int, Row]) -> None:
    query = Select("group_package_listing").columns("group_id", "tag_id", "package", "blocked", *PACKAGE)
    for row in query.at("group_package_listing", event).where("tag_id = ?", tag_id).all(call.db):
        group = groups.get(row["group_id"])
        if group is not None and not group["blocked"]:
            group["packagelist"].setdefault(row["package"], row)
    query = Select("group_req_listing", "JOIN groups ON groups.id = req_id").columns(
        "group_id", "tag_id", "req_id"
    )
    query.columns("blocked", "name", *REQUIREMENT)
    for row in query.at("group_req_listing", event).where("tag_id = ?", tag_id).all(call.db):
        group, required = groups.get(row["group_id"]), groups.get(row["req_id"])
        if group is None or required is None or group["blocked"] or required["blocked"]:
            continue
        group["grouplist"].setdefault(row["req_id"], row)


@exported("getTagGroups")
def get_tag_groups(
    call: Call,
    tag: Any,
    event: int | None = None,
    inherit: bool = True,
    incl_pkgs: bool = True,
    incl_reqs: bool = True,
    incl_blocked: bool = False,
) -> list[Row]:
    """List the groups of a tag with their packages and required groups, as lists; blocked ones only on
    request."""
    result = []
    for group in tag_groups(call, tag, event, inherit).values():
        if group["blocked"] and not incl_blocked:
            continue
        for name, wanted in (("packagelist", incl_pkgs), ("grouplist", incl_reqs)):
            entries = group.pop(name)
            if wanted:
                group[name] = [entry for entry in entries.values() if incl_blocked or not entry["blocked"]]
        result.append(group)
    return result


def _named(call: Call, taginfo: Any, grpinfo: Any, *, create: bool = False) -> tuple[Row, Row]:
    users.assert_perm(call, "tag")
    tag = tags.get_tag(call, taginfo, strict=True)
    group = lookups.lookup(call, "groups", grpinfo, strict=not create, create=create)
    return tag, group or {}


def _unblocked_group(call: Call, tag: Row, group: Row) -> Row:
    config = tag_groups(call, tag["id"]).get(group["id"])
    if config is None:
        raise koji.GenericError(f"group {group['name']} not present in tag {tag['name']}")
    if config["blocked"]:
        raise koji.GenericError(f"group {group['name']} is blocked in tag {tag['name']}")
    return config


def _merged(
    fields: tuple[str, ...], options: dict[str, Any], previous: Row | None
) -> tuple[dict[str, Any], bool]:
    """Merge the wanted values with those from before, which stay if nothing else is given. Returns them and
    whether any is different."""
    given = {name: options[name] for name in fields if name in options}
    if previous is None:
        return given, True
    return {name: previous[name] for name in fields} | given, any(previous[n] != v for n, v in given.items())


@exported("groupListAdd")
def group_list_add(
    call: Call, taginfo: Any, grpinfo: Any, block: bool = False, force: bool = False, **opts: Any
) -> None:
    """Put a group into a tag, or change it."""
    tag, group = _named(call, taginfo, grpinfo, create=True)
    previous = tag_groups(call, tag["id"]).get(group["id"])
    if previous and previous["blocked"] and not force:
        raise koji.GenericError(f"group {group['name']} is blocked in tag {tag['name']}")
    values, changed = _merged(GROUP, {**opts, "blocked": bool(block)}, previous)
    if not changed:
        return
    defaults = {"display_name": group["name"], "biarchonly": False, "exported": True, "uservisible": True}
    call.revoke("group_config", tag_id=tag["id"], group_id=group["id"])
    call.add("group_config", tag_id=tag["id"], group_id=group["id"], **{**defaults, **values})


@exported("groupListRemove")
def group_list_remove(call: Call, taginfo: Any, grpinfo: Any, force: bool = False) -> None:
    """Take a group out of a tag."""
    tag, group = _named(call, taginfo, grpinfo)
    if not call.revoke("group_config", tag_id=tag["id"], group_id=group["id"]) and not force:
        raise koji.GenericError(f"No group: {group['name']} found for tag: {tag['name']}")


@exported("groupListBlock")
def group_list_block(call: Call, taginfo: Any, grpinfo: Any) -> None:
    """Block a group in a tag."""
    group_list_add(call, taginfo, grpinfo, block=True)


@exported("groupListUnblock")
def group_list_unblock(call: Call, taginfo: Any, grpinfo: Any) -> None:
    """Undo a block of a group."""
    tag, group = _named(call, taginfo, grpinfo)
    previous = tag_groups(call, tag["id"]).get(group["id"])
    if previous is None or not previous["blocked"]:
        raise koji.GenericError(f"group {group['name']} is NOT blocked in tag {tag['name']}")
    group_list_add(call, taginfo, grpinfo, block=False, force=True)


@exported("groupPackageListAdd")
def group_package_list_add(
    call: Call,
    taginfo: Any,
    grpinfo: Any,
    pkg_name: str,
    block: bool = False,
    force: bool = False,
    **opts: Any,
) -> None:
    """Put a package into a group of a tag, or change its entry."""
    tag, group = _named(call, taginfo, grpinfo)
    previous = _unblocked_group(call, tag, group)["packagelist"].get(pkg_name)
    if previous and previous["blocked"] and not force:
        raise koji.GenericError(f"package {pkg_name} blocked in group {group['name']}, tag {tag['name']}")
    values, changed = _merged(PACKAGE, opts, previous)
    if not (changed or block or force):
        return
    where = {"tag_id": tag["id"], "group_id": group["id"], "package": pkg_name}
    call.revoke("group_package_listing", **where)
    call.add("group_package_listing", **where, blocked=bool(block), **{"type": "mandatory", **values})


@exported("groupPackageListRemove")
def group_package_list_remove(call: Call, taginfo: Any, grpinfo: Any, pkg_name: str) -> None:
    """Take a package out of a group of a tag."""
    tag, group = _named(call, taginfo, grpinfo)
    call.revoke("group_package_listing", tag_id=tag["id"], group_id=group["id"], package=pkg_name)


@exported("groupPackageListBlock")
def group_package_list_block(call: Call, taginfo: Any, grpinfo: Any, pkg_name: str) -> None:
    """Block a package in a group of a tag."""
    group_package_list_add(call, taginfo, grpinfo, pkg_name, block=True)


@exported("groupPackageListUnblock")
def group_package_list_unblock(call: Call, taginfo: Any, grpinfo: Any, pkg_name: str) -> None:
    """Undo a block of a package in a group."""
    tag, group = _named(call, taginfo, grpinfo)
    previous = _unblocked_group(call, tag, group)["packagelist"].get(pkg_name)
    if previous is None or not previous["blocked"]:
        raise koji.GenericError(
            f"package {pkg_name} is NOT blocked in group {group['name']}, tag {tag['name']}"
        )
    if previous["tag_id"] == tag["id"]:
        group_package_list_remove(call, taginfo, grpinfo, pkg_name)
    else:
        group_package_list_add(call, taginfo, grpinfo, pkg_name, block=False, force=True)


@exported("groupReqListAdd")
def group_req_list_add(
    call: Call,
    taginfo: Any,
    grpinfo: Any,
    reqinfo: Any,
    block: bool = False,
    force: bool = False,
    **opts: Any,
) -> None:
    """Let a group of a tag require another, or change how."""
    tag, group = _named(call, taginfo, grpinfo)
    required = lookups.lookup(call, "groups", reqinfo, strict=True) or {}
    previous = _unblocked_group(call, tag, group)["grouplist"].get(required["id"])
    if previous and previous["blocked"] and not force:
        raise koji.GenericError(
            f"requirement on group {required['name']} blocked in group {group['name']}, tag {tag['name']}"
        )
    values, changed = _merged(REQUIREMENT, opts, previous)
    if not (changed or block or force):
        return
    where = {"tag_id": tag["id"], "group_id": group["id"], "req_id": required["id"]}
    call.revoke("group_req_listing", **where)
    call.add("group_req_listing", **where, blocked=bool(block), **{"type": "mandatory", **values})


@exported("groupReqListRemove")
def group_req_list_remove(call: Call, taginfo: Any, grpinfo: Any, reqinfo: Any, force: Any = None) -> None:
    """Let a group of a tag no longer require another."""
    del force
    tag, group = _named(call, taginfo, grpinfo)
    req_id = lookups.require_id(call, "groups", reqinfo)
    call.revoke("group_req_listing", tag_id=tag["id"], group_id=group["id"], req_id=req_id)


@exported("groupReqListBlock")
def group_req_list_block(call: Call, taginfo: Any, grpinfo: Any, reqinfo: Any) -> None:
    """Block a requirement between groups."""
    group_req_list_add(call, taginfo, grpinfo, reqinfo, block=True)


@exported("groupReqListUnblock")
def group_req_list_unblock(call: Call, taginfo: Any, grpinfo: Any, reqinfo: Any) -> None:
    """Undo a block of a requirement."""
    group_req_list_add(call, taginfo, grpinfo, reqinfo, block=False, force=True)
