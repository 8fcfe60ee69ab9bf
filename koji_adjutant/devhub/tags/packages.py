"""Package lists: which packages a tag may have, who owns them, which are blocked."""

from __future__ import annotations

import re
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import policies, sessions, users
from koji_adjutant.devhub.tags import inheritance, tags


def _query(event: int | None, tag_id: int | None, user_id: int | None, package: Any) -> Select:
    query = Select("tag_packages", "JOIN tag ON tag.id = tag_packages.tag_id")
    query.join("JOIN package ON package.id = tag_packages.package_id")
    query.join("JOIN tag_package_owners AS own ON own.tag_id = tag.id AND own.package_id = package.id")
    query.join("JOIN users ON users.id = own.owner")
    query.columns(
        "extra_arches", "tag_packages.blocked", package_id="package.id", package_name="package.name"
    )
    query.columns(tag_id="tag.id", tag_name="tag.name", owner_id="users.id", owner_name="users.name")
    query.at("tag_packages", event).at("own", event)
    if tag_id is not None:
        query.where("tag.id = ?", tag_id)
    if user_id is not None:
        query.where("users.id = ?", user_id)
    if package is not None:
        query.where(*lookups.id_or_name("package", package))
    return query


def package_entries(
    call: Call,
    tag_id: int | None,
    *,
    event: int | None = None,
    inherit: bool = True,
    user_id: int | None = None,
    package: Any = None,
) -> list[Row]:
    """List package list entries in order of precedence, overridden ones too; blocked ones are among them.
    Raises GenericError if neither tag, user nor package is given."""
    if tag_id is None and user_id is None and package is None:
        raise koji.GenericError("tag,user, and/or pkg must be specified")
    entries = _query(event, tag_id, user_id, package).all(call.db)
    if tag_id is None or not inherit:
        return entries
    for link in inheritance.full_inheritance(call, tag_id, event):
        filters = [re.compile(pattern) for pattern in link["filter"]]
        entries += [
            entry
            for entry in _query(event, link["parent_id"], user_id, package).all(call.db)
            if all(pattern.match(entry["package_name"]) for pattern in filters)
        ]
    return entries


def package_list(call: Call, tag_id: int, *, event: int | None = None, package: Any = None) -> dict[int, Row]:
    """Find a tag's package list with what it inherits: package id -> the entry that counts."""
    found: dict[int, Row] = {}
    for entry in package_entries(call, tag_id, event=event, package=package):
        found.setdefault(entry["package_id"], entry)
    return found


@exported("listPackages", "tagID", "userID", "pkgID", "queryOpts")
def list_packages(
    call: Call,
    tag_id: Any = None,
    user_id: Any = None,
    pkg_id: Any = None,
    prefix: str | None = None,
    inherited: bool = False,
    with_dups: bool = False,
    event: int | None = None,
    query_opts: Any = None,
    with_owners: bool = True,
    with_blocked: bool = True,
) -> Any:
    """List package list entries of a tag, of a user, of a package; with none of these, all packages."""
    if tag_id is None and user_id is None and pkg_id is None:
        return list_packages_simple(call, prefix, query_opts)
    entries = package_entries(
        call,
        None if tag_id is None else lookups.require_id(call, "tag", tag_id),
        event=event,
        inherit=inherited,
        user_id=None if user_id is None else users.get_user(call, user_id, strict=True)["id"],
        package=None if pkg_id is None else lookups.require_id(call, "package", pkg_id),
    )
    if tag_id is not None and not with_dups:
        first: dict[int, Row] = {}
        for entry in entries:
            first.setdefault(entry["package_id"], entry)
        entries = list(first.values())
    if prefix:
        entries = [entry for entry in entries if entry["package_name"].lower().startswith(prefix.lower())]
    if not with_blocked:
        entries = [entry for entry in entries if not entry["blocked"]]
    if not with_owners:
        entries = [{k: v for k, v in e.items() if k not in ("owner_id", "owner_name")} for e in entries]
    return apply_options(entries, query_opts)


@exported("listPackagesSimple", "queryOpts")
def list_packages_simple(call: Call, prefix: str | None = None, query_opts: Any = None) -> Any:
    """List all packages: ``[{package_id, package_name}]``."""
    query = Select("package").columns(package_id="id", package_name="name")
    if prefix is not None:
        query.where("name LIKE ?", prefix + "%")
    return apply_options(query.all(call.db), query_opts)


@exported("getPackageConfig")
def get_package_config(call: Call, tag: Any, pkg: Any, event: int | None = None) -> Any:
    """Find the entry that counts for a package in a tag, or None."""
    tag_id, package_id = lookups.lookup_id(call, "tag", tag), lookups.lookup_id(call, "package", pkg)
    if tag_id is None or package_id is None:
        return None
    return package_list(call, tag_id, event=event, package=package_id).get(package_id)


@exported("checkTagPackage")
def check_tag_package(call: Call, tag: Any, pkg: Any) -> bool:
    """Check whether a package is in a tag's list and not blocked."""
    entry = get_package_config(call, tag, pkg)
    return entry is not None and not entry["blocked"]


@exported("getPackageID")
def get_package_id(call: Call, name: Any, strict: bool = False) -> Any:
    """Find a package's id by its name. Returns None if there is none; ``strict`` raises GenericError
    instead."""
    return lookups.lookup_id(call, "package", name, strict=strict)


@exported("getPackage")
def get_package(call: Call, info: Any, strict: bool = False, create: bool = False) -> Any:
    """Find a package by id or name: ``{id, name}``. Returns None if there is none; ``strict`` raises
    GenericError instead, ``create`` (admins only) makes it."""
    if create:
        users.assert_perm(call, "admin")
    return lookups.lookup(call, "package", info, strict=strict, create=create)


def assert_listed(call: Call, tag: Row, build: Row, shown: Any, *, force: bool) -> None:
    """Raise TagError unless the build's package is in the tag's list and not blocked; an admin's ``force``
    adds it."""
    entry = package_list(call, tag["id"], package=build["package_id"]).get(build["package_id"])
    if entry is not None and not entry["blocked"]:
        return
    if force and users.has_perm(call, "admin"):
        _write(call, tag["id"], build["package_id"], call.session.user_id, blocked=False, extra_arches="")
        return
    if entry is None:
        raise koji.TagError(f"Package {build['name']} not in list for {shown}")
    raise koji.TagError(f"Package {build['name']} blocked in {shown}")


def _write(
    call: Call, tag_id: int, package_id: int, owner: int | None, *, blocked: bool, extra_arches: str | None
) -> None:
    call.revoke("tag_packages", tag_id=tag_id, package_id=package_id)
    call.add("tag_packages", tag_id=tag_id, package_id=package_id, blocked=blocked, extra_arches=extra_arches)
    _write_owner(call, tag_id, package_id, owner)


def _write_owner(call: Call, tag_id: int, package_id: int, owner: int | None) -> None:
    call.revoke("tag_package_owners", tag_id=tag_id, package_id=package_id)
    call.add("tag_package_owners", tag_id=tag_id, package_id=package_id, owner=owner)


@exported("packageListAdd")
def package_list_add(
    call: Call,
    taginfo: Any,
    pkginfo: Any,
    owner: Any = None,
    block: bool | None = None,
    extra_arches: str | None = None,
    force: bool = False,
    update: bool = False,
) -> None:
    """Put a package into a tag's list, or change its entry; ``update``: it must be there already."""
    tag = tags.get_tag(call, taginfo, strict=True)
    package = lookups.lookup(call, "package", pkginfo)
    if package is None and not isinstance(pkginfo, str):
        raise koji.GenericError(f"No such package: {pkginfo}")
    if owner is not None:
        owner = users.get_user(call, owner, strict=True)["id"]
    action = "update" if update else "block" if block else "add"
    _check(call, tag["id"], pkginfo, action, force)
    if package is None:
        lookups.verify_name(pkginfo)
        package = lookups.lookup(call, "package", pkginfo, create=True) or {}
    if extra_arches is not None:
        extra_arches = koji.parse_arches(extra_arches, strict=True, allow_none=True)
    previous = package_list(call, tag["id"], package=package["id"]).get(package["id"])
    if previous is None:
        if update and not force:
            raise koji.GenericError(
                f"cannot update: tag {tag['name']} has no data for package {package['name']}"
            )
        if owner is None and not force:
            raise koji.GenericError("owner not specified")
        owner = call.session.user_id if owner is None else owner
        _write(call, tag["id"], package["id"], owner, blocked=bool(block), extra_arches=extra_arches)
    else:
        _change(call, tag, previous, owner, block, extra_arches, force)


def _change(
    call: Call,
    tag: Row,
    previous: Row,
    owner: int | None,
    block: bool | None,
    arches: str | None,
    force: bool,
) -> None:
    """Change an entry (or override an inherited one); None leaves a value as it is."""
    blocked = previous["blocked"] if block is None else bool(block)
    extra_arches = previous["extra_arches"] if arches is None else arches
    owner = previous["owner_id"] if owner is None else owner
    changed = (blocked, extra_arches) != (previous["blocked"], previous["extra_arches"])
    if not changed and owner == previous["owner_id"] and not force:
        return
    if previous["blocked"] and not blocked and not force:
        raise koji.GenericError(f"package {previous['package_name']} is blocked in tag {tag['name']}")
    if changed:
        _write(call, tag["id"], previous["package_id"], owner, blocked=blocked, extra_arches=extra_arches)
    elif owner != previous["owner_id"]:
        _write_owner(call, tag["id"], previous["package_id"], owner)


def _check(call: Call, tag_id: int, package: Any, action: str, force: bool) -> None:
    sessions.assert_login(call)
    data = {"tag": tag_id, "action": action, "package": package, "force": force}
    policies.assert_policy(call, "package_list", data, force=force)


@exported("packageListRemove")
def package_list_remove(call: Call, taginfo: Any, pkginfo: Any, force: bool = False) -> None:
    """Take a package off a tag's own list."""
    tag = tags.get_tag(call, taginfo, strict=True)
    package_id = lookups.require_id(call, "package", pkginfo)
    _check(call, tag["id"], package_id, "remove", force)
    call.revoke("tag_packages", tag_id=tag["id"], package_id=package_id)
    call.revoke("tag_package_owners", tag_id=tag["id"], package_id=package_id)


@exported("packageListBlock")
def package_list_block(call: Call, taginfo: Any, pkginfo: Any, force: bool = False) -> None:
    """Block a package in a tag."""
    tag = tags.get_tag(call, taginfo, strict=True)
    package = lookups.lookup(call, "package", pkginfo, strict=True) or {}
    if not package_list(call, tag["id"], package=package["id"]):
        raise koji.GenericError(f"Package {package['name']} is not in tag listing for {tag['name']}")
    package_list_add(call, taginfo, pkginfo, block=True, force=force)


@exported("packageListUnblock")
def package_list_unblock(call: Call, taginfo: Any, pkginfo: Any, force: bool = False) -> None:
    """Undo a block: the tag's own by removing it, an inherited one by an entry that is not blocked."""
    tag = tags.get_tag(call, taginfo, strict=True)
    package = lookups.lookup(call, "package", pkginfo, strict=True) or {}
    _check(call, tag["id"], package["id"], "unblock", force)
    previous = package_list(call, tag["id"], package=package["id"]).get(package["id"])
    if previous is None:
        raise koji.GenericError(
            f"no data (blocked or otherwise) for package {package['name']} in tag {tag['name']}"
        )
    if not previous["blocked"]:
        raise koji.GenericError(f"package {package['name']} NOT blocked in tag {tag['name']}")
    if previous["tag_id"] == tag["id"]:
        call.revoke("tag_packages", tag_id=tag["id"], package_id=package["id"])
        call.revoke("tag_package_owners", tag_id=tag["id"], package_id=package["id"])
        remaining = package_list(call, tag["id"], package=package["id"]).get(package["id"])
        if remaining is not None and not remaining["blocked"]:
            return
    arches = previous["extra_arches"]
    _write(call, tag["id"], package["id"], previous["owner_id"], blocked=False, extra_arches=arches)


@exported("packageListSetOwner")
def package_list_set_owner(call: Call, taginfo: Any, pkginfo: Any, owner: Any, force: bool = False) -> None:
    """Change who owns a package in a tag."""
    package_list_add(call, taginfo, pkginfo, owner=owner, force=force, update=True)


@exported("packageListSetArches")
def package_list_set_arches(call: Call, taginfo: Any, pkginfo: Any, arches: str, force: bool = False) -> None:
    """Change a package's extra arches in a tag."""
    package_list_add(call, taginfo, pkginfo, extra_arches=arches, force=force, update=True)
