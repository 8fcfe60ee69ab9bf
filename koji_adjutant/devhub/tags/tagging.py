"""Builds in tags: tagging, untagging, and what a tag contains."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import hosts, policies, sessions, users
from koji_adjutant.devhub.tags import inheritance, packages, tags
from koji_adjutant.devhub.tasks import task_creation, tasks

OMITTED = ("promoter_id", "promoter_name")


def tagged_builds(
    call: Call,
    tag_id: int,
    *,
    event: int | None = None,
    inherit: bool = False,
    latest: Any = False,
    package: str | None = None,
    owner: str | None = None,
    extra: bool = False,
    draft: bool | None = None,
) -> list[Row]:
    """List complete builds in a tag, the tag's own before inherited ones, last tagged first; not those whose
    package is missing from the package list or blocked. ``latest``: only the first of each package, or the
    first N."""
    tag_ids = inheritance.tag_and_ancestors(call, tag_id, event) if inherit else [tag_id]
    listed = packages.package_list(call, tag_id, event=event, package=package)
    limit = 0 if not latest else 1 if latest is True else int(latest)
    count: dict[int, int] = {}
    found = []
    for current in tag_ids:
        for build in _builds_in(call, current, event, package, owner, extra, draft):
            entry = listed.get(build["package_id"])
            if entry is None or entry["blocked"]:
                continue
            count[build["package_id"]] = count.get(build["package_id"], 0) + 1
            if not limit or count[build["package_id"]] <= limit:
                found.append(build)
    return found


def _builds_in(
    call: Call,
    tag_id: int,
    event: int | None,
    package: str | None,
    owner: str | None,
    extra: bool,
    draft: bool | None,
) -> list[Row]:
    query = Select("tag_listing", "JOIN build ON build.id = tag_listing.build_id", *builds.JOINS)
    query.join("JOIN tag ON tag.id = tag_listing.tag_id")
    builds.with_build_columns(query).columns("build.id", "tag_listing.create_event")
    query.columns(tag_id="tag.id", tag_name="tag.name").at("tag_listing", event)
    query.where("tag_listing.tag_id = ? AND build.state = ?", tag_id, builds.COMPLETE)
    if package:
        query.where("package.name = ?", package)
    if owner:
        query.where("users.name = ?", owner)
    if extra:
        query.columns("build.extra")
    query.drafts("build", draft)
    return query.order("tag_listing.create_event DESC, build.id DESC").all(call.db)


def tagged_rpms(
    call: Call,
    tag_id: int,
    *,
    event: int | None = None,
    inherit: bool = False,
    latest: Any = True,
    package: str | None = None,
    arch: Any = None,
    rpmsigs: bool = False,
    owner: str | None = None,
    extra: bool = True,
    draft: bool | None = None,
) -> tuple[list[Row], list[Row]]:
    """List (packages, builds) of a tag; ``rpmsigs``: one entry for each signature of a package, with its
    ``sigkey``."""
    found = tagged_builds(
        call, tag_id, event=event, inherit=inherit, latest=latest, package=package, owner=owner, draft=draft
    )
    names = ("id", "name", "version", "release", "arch", "epoch", "draft", "payloadhash", "size", "buildtime")
    more = ("buildroot_id", "build_id", "metadata_only")
    result = []
    for build_id in dict.fromkeys(build["build_id"] for build in found):
        query = Select("rpminfo").columns(*(f"rpminfo.{name}" for name in (*names, *more)))
        query.where("rpminfo.build_id = ?", build_id)
        if rpmsigs:
            query.join("LEFT JOIN rpmsigs ON rpmsigs.rpm_id = rpminfo.id").columns("rpmsigs.sigkey")
        if arch:
            if not isinstance(arch, str | list | tuple):
                raise koji.GenericError(f"Invalid type for arch option: {type(arch)}")
            query.where_in("rpminfo.arch", [arch] if isinstance(arch, str) else arch)
        if extra:
            query.columns("rpminfo.extra")
        result += query.order("rpminfo.id").all(call.db)
    return result, found


@exported("listTagged")
def list_tagged(
    call: Call,
    tag: Any,
    event: int | None = None,
    inherit: bool = False,
    prefix: str | None = None,
    latest: Any = False,
    package: str | None = None,
    owner: str | None = None,
    type: Any = None,  # noqa: A002 - the remote name
    strict: bool = True,
    extra: bool = False,
    draft: bool | None = None,
) -> list[Row]:
    """List builds in a tag, ``latest`` for only the first (or first N) of each package. Raises GenericError
    if there is no such tag; without ``strict`` the list is empty instead."""
    info = tags.get_tag(call, tag, strict=strict, event=event)
    if not info or type not in (None, "rpm"):
        return []
    found = tagged_builds(
        call,
        info["id"],
        event=event,
        inherit=inherit,
        latest=latest,
        package=package,
        owner=owner,
        extra=extra,
        draft=draft,
    )
    return [build for build in found if not prefix or build["name"].lower().startswith(prefix.lower())]


@exported("listTaggedRPMS")
def list_tagged_rpms(
    call: Call,
    tag: Any,
    event: int | None = None,
    inherit: bool = False,
    latest: Any = False,
    package: str | None = None,
    arch: Any = None,
    rpmsigs: bool = False,
    owner: str | None = None,
    type: Any = None,  # noqa: A002 - the remote name
    strict: bool = True,
    extra: bool = True,
    draft: bool | None = None,
) -> Any:
    """List ``[packages, builds]`` of a tag. Raises GenericError if there is no such tag; without ``strict``
    both are empty instead."""
    info = tags.get_tag(call, tag, strict=strict, event=event)
    if not info or type not in (None, "rpm"):
        return [[], []]
    return tagged_rpms(
        call,
        info["id"],
        event=event,
        inherit=inherit,
        latest=latest,
        package=package,
        arch=arch,
        rpmsigs=rpmsigs,
        owner=owner,
        extra=extra,
        draft=draft,
    )


@exported("getLatestBuilds")
def get_latest_builds(
    call: Call,
    tag: Any,
    event: int | None = None,
    package: str | None = None,
    type: Any = None,  # noqa: A002
    draft: bool | None = None,
) -> list[Row]:
    """List the newest build of each package in a tag, inherited ones too."""
    if type not in (None, "rpm"):
        return []
    tag_id = lookups.require_id(call, "tag", tag)
    return tagged_builds(call, tag_id, event=event, inherit=True, latest=True, package=package, draft=draft)


@exported("getLatestRPMS")
def get_latest_rpms(
    call: Call,
    tag: Any,
    package: str | None = None,
    arch: Any = None,
    event: int | None = None,
    rpmsigs: bool = False,
    type: Any = None,  # noqa: A002 - the remote name
    draft: bool | None = None,
) -> Any:
    """List ``[packages, builds]`` of the newest build of each package in a tag, inherited ones too."""
    if type not in (None, "rpm"):
        return [[], []]
    tag_id = lookups.require_id(call, "tag", tag)
    return tagged_rpms(
        call, tag_id, event=event, inherit=True, package=package, arch=arch, rpmsigs=rpmsigs, draft=draft
    )


@exported("checkTagAccess")
def check_tag_access(call: Call, tag_id: Any, user_id: int | None = None) -> tuple[bool, bool, str]:
    """Check whether a user may change what is in a tag. Returns (allowed, can be forced, reason)."""
    user_id = call.session.user_id if user_id is None else user_id
    if user_id is None:
        raise koji.GenericError("a user_id is required")
    perms = users.user_perms(call, user_id)
    tag = tags.get_tag(call, tag_id, strict=True)
    if tag["locked"]:
        return False, "admin" in perms, "tag is locked"
    if tag["perm"] and tag["perm"] not in perms:
        return False, "admin" in perms, f"tag requires {tag['perm']} permission"
    return True, "admin" in perms, ""


def _assert_tag_access(call: Call, tag_id: int, user_id: int | None, force: bool) -> None:
    allowed, forcible, reason = check_tag_access(call, tag_id, user_id)
    if not allowed and not (force and forcible):
        raise koji.ActionNotAllowed(reason)


def _assert_complete(build: Row) -> None:
    if build["state"] != builds.COMPLETE:
        raise koji.TagError(f"build {build['nvr']} not complete: state {koji.BUILD_STATES[build['state']]}")


def _put_in(call: Call, tag: Row, build: Row, user_id: int | None, force: bool) -> None:
    _assert_tag_access(call, tag["id"], user_id, force)
    _assert_complete(build)
    where = {"tag_id": tag["id"], "build_id": build["id"]}
    sql = "SELECT 1 FROM tag_listing WHERE active = 1 AND tag_id = ? AND build_id = ?"
    if call.db.one(sql, tuple(where.values())):
        if not force:
            raise koji.TagError(f"build {build['nvr']} already tagged ({tag['name']})")
        call.revoke("tag_listing", **where)
    call.add("tag_listing", **where)


def _take_out(call: Call, tag: Row, build: Row, user_id: int | None, strict: bool, force: bool) -> None:
    _assert_tag_access(call, tag["id"], user_id, force)
    if not call.revoke("tag_listing", tag_id=tag["id"], build_id=build["id"]) and strict:
        raise koji.TagError(f"build {build['nvr']} not in tag {tag['name']}")


@exported("tagBuild")
def tag_build(call: Call, tag: Any, build: Any, force: bool = False, fromtag: Any = None) -> int:
    """Ask for a build to be tagged (``fromtag``: moved). Returns the id of the task that does it."""
    sessions.assert_login(call)
    binfo = builds.get_build(call, build, strict=True)
    target = tags.get_tag(call, tag, strict=True)
    from_id = lookups.require_id(call, "tag", fromtag) if fromtag else None
    _assert_complete(binfo)
    for tag_id in [target["id"], *([from_id] if from_id else [])]:
        _assert_tag_access(call, tag_id, None, force)
    packages.assert_listed(call, target, binfo, target["name"], force=force)
    policies.assert_policy(call, "tag", {"tag": target["id"], "build": binfo["id"]}, force=force)
    return task_creation.make_task(call, "tagBuild", [target["id"], binfo["id"], force, from_id], priority=10)


@exported("tagBuildBypass")
def tag_build_bypass(call: Call, tag: Any, build: Any, force: bool = False, notify: bool = False) -> None:
    """Tag a build at once, with no look at the package list."""
    del notify
    users.assert_perm(call, "tag")
    target = tags.get_tag(call, tag, strict=True)
    _put_in(call, target, builds.get_build(call, build, strict=True), None, force)


@exported("untagBuild")
def untag_build(call: Call, tag: Any, build: Any, strict: bool = True, force: bool = False) -> None:
    """Take a build out of a tag."""
    sessions.assert_login(call)
    target = tags.get_tag(call, tag, strict=True)
    binfo = builds.get_build(call, build, strict=True)
    policies.assert_policy(call, "tag", {"build": binfo["id"], "fromtag": target["id"]}, force=force)
    _take_out(call, target, binfo, None, strict, force)


@exported("untagBuildBypass")
def untag_build_bypass(
    call: Call, tag: Any, build: Any, strict: bool = True, force: bool = False, notify: bool = False
) -> None:
    """Take a build out of a tag, with no look at the policy, for those with the tag permission."""
    del notify
    users.assert_perm(call, "tag")
    target = tags.get_tag(call, tag, strict=True)
    _take_out(call, target, builds.get_build(call, build, strict=True), None, strict, force)


@exported("moveBuild")
def move_build(call: Call, tag1: Any, tag2: Any, build: Any, force: bool = False) -> int:
    """Ask for a build to be moved, as tagBuild with ``fromtag`` does. Returns the id of the task that does
    it."""
    return tag_build(call, tag2, build, force=force, fromtag=tag1)


@exported("host.tagBuild")
def host_tag_build(
    call: Call, task_id: Any, tag: Any, build: Any, force: bool = False, fromtag: Any = None
) -> None:
    """Tag a build as the owner of an own task (``fromtag``: move it)."""
    tasks.assert_host(call, task_id)
    owner = tasks.owner_of(call, task_id)
    binfo = builds.get_build(call, build, strict=True)
    target = tags.get_tag(call, tag, strict=True)
    policies.assert_policy(call, "tag", {"tag": tag, "build": build, "user_id": owner}, force=force)
    packages.assert_listed(call, target, binfo, tag, force=force)
    if fromtag:
        source = tags.get_tag(call, fromtag, strict=True)
        _take_out(call, source, binfo, owner, strict=True, force=force)
    _put_in(call, target, binfo, owner, force)


@exported("host.tagNotification")
def tag_notification(
    call: Call,
    is_successful: bool,
    tag_id: Any,
    from_id: Any,
    build_id: Any,
    user_id: Any,
    ignore_success: bool = False,
    failure_msg: str = "",
) -> None:
    """Accept a builder's wish for mail about a tagged build; devhub sends none."""
    del is_successful, tag_id, from_id, build_id, user_id, ignore_success, failure_msg
    hosts.require_host(call)
