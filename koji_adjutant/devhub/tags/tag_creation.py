"""Making and deleting tags."""

from __future__ import annotations

import json
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import inheritance, tags


@exported("createTag")
def create_tag(
    call: Call,
    name: str,
    parent: Any = None,
    arches: str | None = None,
    perm: Any = None,
    locked: bool = False,
    maven_support: bool = False,
    maven_include_all: bool = False,
    extra: dict[str, Any] | None = None,
) -> int:
    """Make a tag. Returns its id."""
    users.assert_perm(call, "tag")
    lookups.verify_name(name)
    arches = koji.parse_arches(arches, strict=True, allow_none=True)
    if maven_support or maven_include_all:
        raise koji.GenericError("devhub does not have Maven tags; a real hub does")
    if tags.get_tag(call, name):
        raise koji.GenericError(f"A tag with the name '{name}' already exists")
    parent_tag = tags.get_tag(call, parent) if parent else None
    if parent and parent_tag is None:
        raise koji.GenericError(f"Parent tag '{parent}' could not be found")
    perm_id = None if perm is None else lookups.require_id(call, "permissions", perm)
    tag_id: int = lookups.lookup_id(call, "tag", name, create=True)
    call.add("tag_config", tag_id=tag_id, arches=arches, perm_id=perm_id, locked=locked)
    for key, value in (extra or {}).items():
        call.add("tag_extra", tag_id=tag_id, key=key, value=json.dumps(value))
    if parent_tag:
        link = {"parent_id": parent_tag["id"], "priority": 0, "maxdepth": None, "intransitive": False}
        inheritance.write_links(call, tag_id, {**link, "noconfig": False, "pkg_filter": ""})
    return tag_id


@exported("deleteTag", "tagInfo")
def delete_tag(call: Call, tag_info: Any) -> None:
    """Delete a tag: everything that it consists of, the links to it and the targets that use it. What it was
    at earlier events stays known."""
    users.assert_perm(call, "tag")
    tag_id = tags.get_tag(call, tag_info, strict=True)["id"]
    for table in tags.VERSIONED:
        call.revoke(table, tag_id=tag_id)
    call.revoke("tag_inheritance", parent_id=tag_id)
    call.revoke("build_target_config", build_tag=tag_id)
    call.revoke("build_target_config", dest_tag=tag_id)
