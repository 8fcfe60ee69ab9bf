"""What kinds of content a build has: rpm, maven, win, image."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.builds.build_creation import new_build
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users

GAV = ("group_id", "artifact_id", "version")
"""What identifies something in Maven's world."""


@exported("createMavenBuild")
def create_maven_build(call: Call, build_info: Any, maven_info: Any) -> None:
    """Mark a build as a Maven build: ``{group_id, artifact_id, version}``. It is made first if there is none
    and ``build_info`` is a dictionary. Raises BuildError if it is another Maven build already."""
    users.assert_perm(call, "maven-import")
    build = _build_to_be(call, build_info)
    if not isinstance(maven_info, dict):
        raise koji.GenericError(f"Invalid type for maven_info: {type(maven_info)}")
    current = get_maven_build(call, build["id"])
    if current:
        for name in GAV:
            if current[name] != maven_info[name]:
                raise koji.BuildError(f"{name} mismatch (current: {current[name]}, new: {maven_info[name]})")
        return
    if not maven_info:
        raise koji.GenericError("Maven info is empty")
    for name in GAV:
        if name not in maven_info:
            raise koji.GenericError(f"Maven info doesn't have mandatory {name!r} key")
    call.db.insert("maven_builds", {"build_id": build["id"], **{name: maven_info[name] for name in GAV}})
    add_build_type(call, build["id"], "maven")


@exported("createImageBuild")
def create_image_build(call: Call, build_info: Any) -> None:
    """Mark a build as an image build. It is made first if there is none and ``build_info`` is a
    dictionary."""
    users.assert_perm(call, "image-import")
    add_build_type(call, _build_to_be(call, build_info)["id"], "image")


@exported("createWinBuild")
def create_win_build(call: Call, build_info: Any, win_info: Any) -> None:
    """Refuse to make a Windows build, with the GenericError of a hub that has EnableWin off."""
    del build_info, win_info
    users.assert_perm(call, "win-import")
    raise koji.GenericError("Windows support not enabled")


def _build_to_be(call: Call, build_info: Any) -> Row:
    build: Row | None = builds.get_build(call, build_info)
    if build is None:
        if not isinstance(build_info, dict):
            raise koji.GenericError(f"Invalid type for build_info: {type(build_info)}")
        reject_draft(build_info)
        for name in ("name", "version", "release", "epoch"):
            if name not in build_info:
                raise koji.GenericError(f"Build info doesn't have mandatory {name!r} key")
        wanted = {name: build_info[name] for name in ("name", "version", "release", "epoch")}
        build = builds.get_build(call, new_build(call, wanted), strict=True)
    assert build is not None  # noqa: S101 - strict
    reject_draft(build)
    return build


def reject_draft(build: Row) -> None:
    """Raise GenericError for a draft build: they have RPMs only."""
    if build.get("draft"):
        raise koji.GenericError("Draft build not supported")


def add_build_type(call: Call, build_id: int, name: str) -> None:
    """Record that a build has content of a kind."""
    type_id = lookups.require_id(call, "btype", name)
    if name not in types_of(call, build_id):
        call.db.insert("build_types", {"build_id": build_id, "btype_id": type_id})


def types_of(call: Call, build_id: int) -> list[str]:
    """List the kinds of content that a build has, by name."""
    query = Select("build_types", "JOIN btype ON btype.id = btype_id").columns("btype.name")
    return [row["name"] for row in query.where("build_id = ?", build_id).order("btype.id").all(call.db)]


@exported("getBuildType", "buildInfo")
def get_build_type(call: Call, build_info: Any, strict: bool = False) -> Any:
    """Describe each kind of content that a build has: ``{"maven": {…}, "rpm": None}``. Returns None if there
    is no such build; ``strict`` raises GenericError instead."""
    build = builds.get_build(call, build_info, strict)
    if build is None:
        return None
    about = (build["extra"] or {}).get("typeinfo", {})
    found = {name: about.get(name) for name in types_of(call, build["id"])}
    known = {"maven": get_maven_build(call, build["id"]), "image": get_image_build(call, build["id"])}
    return found | {name: value for name, value in known.items() if value}


@exported("getMavenBuild", "buildInfo")
def get_maven_build(call: Call, build_info: Any, strict: bool = False) -> Any:
    """Find what Maven knows a build by: ``{build_id, group_id, artifact_id, version}``. Returns None if it is
    no Maven build; ``strict`` raises GenericError instead."""
    build_id = builds.find_build_id(call, build_info, strict)
    query = Select("maven_builds").columns("build_id", *GAV).where("build_id IS ?", build_id)
    return _found(query.one(call.db), f"no such maven build: {build_info}", strict)


@exported("getWinBuild", "buildInfo")
def get_win_build(call: Call, build_info: Any, strict: bool = False) -> Any:
    """Return None, or with ``strict`` raise GenericError: devhub has no Windows builds."""
    builds.find_build_id(call, build_info, strict)
    return _found(None, f"no such Windows build: {build_info}", strict)


@exported("getImageBuild", "buildInfo")
def get_image_build(call: Call, build_info: Any, strict: bool = False) -> Any:
    """Find out whether a build is an image build. Returns ``{build_id}`` for one, else None; ``strict``
    raises GenericError instead."""
    build_id = builds.find_build_id(call, build_info, strict)
    is_image = build_id is not None and "image" in types_of(call, build_id)
    return _found({"build_id": build_id} if is_image else None, f"no such image build: {build_info}", strict)


def _found(row: Row | None, sentence: str, strict: bool) -> Row | None:
    if row is None and strict:
        raise koji.GenericError(sentence)
    return row


@exported("listBTypes", "queryOpts")
def list_btypes(call: Call, query: Any = None, query_opts: Any = None) -> Any:
    """List the kinds of content that builds can have: ``[{id, name}]``; ``query`` may name an id or name."""
    select = Select("btype").columns("id", "name").order("id")
    for name in ("id", "name"):
        if query and name in query:
            select.where(f"{name} = ?", query[name])
    return apply_options(select.all(call.db), query_opts)
