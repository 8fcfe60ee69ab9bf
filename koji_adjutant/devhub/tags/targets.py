"""Build targets: from which tag to build, into which to tag."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import tags


@exported("getBuildTargets", "buildTagID", "destTagID", "queryOpts")
def get_build_targets(
    call: Call,
    info: Any = None,
    event: int | None = None,
    build_tag_id: Any = None,
    dest_tag_id: Any = None,
    query_opts: Any = None,
) -> Any:
    """List targets by id or name, by build tag, by destination tag: ``[{id, name, build_tag, build_tag_name,
    dest_tag, dest_tag_name}]``."""
    query = Select("build_target_config AS config", "JOIN build_target ON build_target.id = build_target_id")
    query.join(
        "JOIN tag AS build ON build.id = config.build_tag JOIN tag AS dest ON dest.id = config.dest_tag"
    )
    query.columns("build_target.id", "build_target.name", "build_tag", "dest_tag")
    query.columns(build_tag_name="build.name", dest_tag_name="dest.name").at("config", event)
    if info:
        query.where(*lookups.id_or_name("build_target", info))
    if build_tag_id is not None:
        query.where("build_tag = ?", lookups.lookup_id(call, "tag", build_tag_id))
    if dest_tag_id is not None:
        query.where("dest_tag = ?", lookups.lookup_id(call, "tag", dest_tag_id))
    return apply_options(query.all(call.db), query_opts)


@exported("getBuildTarget")
def get_build_target(call: Call, info: Any, event: int | None = None, strict: bool = False) -> Any:
    """Find a target by id or name. Returns None if there is none; ``strict`` raises GenericError instead."""
    found = get_build_targets(call, info, event)
    if len(found) == 1:
        return found[0]
    if strict:
        raise koji.GenericError(f"No such build target: {info}")
    return None


def _tag_ids(call: Call, build_tag: Any, dest_tag: Any) -> tuple[int, int]:
    build, dest = tags.get_tag(call, build_tag), tags.get_tag(call, dest_tag)
    if not build:
        raise koji.GenericError(f"build tag '{build_tag}' does not exist")
    if not dest:
        raise koji.GenericError(f"destination tag '{dest_tag}' does not exist")
    return build["id"], dest["id"]


@exported("createBuildTarget")
def create_build_target(call: Call, name: str, build_tag: Any, dest_tag: Any) -> None:
    """Make a target."""
    users.assert_perm(call, "target")
    lookups.verify_name(name)
    if get_build_targets(call, name):
        raise koji.GenericError(f"A build target with the name '{name}' already exists")
    build_id, dest_id = _tag_ids(call, build_tag, dest_tag)
    target_id = lookups.lookup_id(call, "build_target", name, create=True)
    call.add("build_target_config", build_target_id=target_id, build_tag=build_id, dest_tag=dest_id)


@exported("editBuildTarget", "buildTargetInfo")
def edit_build_target(call: Call, build_target_info: Any, name: str, build_tag: Any, dest_tag: Any) -> None:
    """Change a target's name, build tag and destination tag."""
    users.assert_perm(call, "target")
    target = lookups.lookup(call, "build_target", build_target_info) or {}
    if not target:
        raise koji.GenericError(f"No such build target: {build_target_info}")
    build_id, dest_id = _tag_ids(call, build_tag, dest_tag)
    if target["name"] != name:
        lookups.verify_name(name)
        taken = lookups.lookup_id(call, "build_target", name)
        if taken is not None:
            raise koji.GenericError(f'name "{name}" is already taken by build target {taken}')
        call.db.update("build_target", {"name": name}, {"id": target["id"]})
    call.revoke("build_target_config", build_target_id=target["id"])
    call.add("build_target_config", build_target_id=target["id"], build_tag=build_id, dest_tag=dest_id)


@exported("deleteBuildTarget", "buildTargetInfo")
def delete_build_target(call: Call, build_target_info: Any) -> None:
    """Delete a target; what it was at earlier events stays known."""
    users.assert_perm(call, "target")
    target_id = lookups.lookup_id(call, "build_target", build_target_info)
    if target_id is None:
        raise koji.GenericError(f"No such build target: {build_target_info}")
    call.revoke("build_target_config", build_target_id=target_id)
