"""The packages that the hub knows: those of its builds, and external ones seen in buildroots."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options

EXTERNAL_FIELDS = (
    ("name", str),
    ("version", str),
    ("release", str),
    ("epoch", (int, type(None))),
    ("arch", str),
    ("payloadhash", str),
    ("size", int),
    ("buildtime", int),
)


def _query() -> Select:
    query = Select("rpminfo", "JOIN external_repo ON external_repo.id = rpminfo.external_repo_id")
    names = ("id", "build_id", "buildroot_id", "name", "version", "release", "epoch", "arch", "draft")
    more = ("external_repo_id", "payloadhash", "size", "buildtime", "metadata_only", "extra")
    query.columns(*(f"rpminfo.{name}" for name in (*names, *more)))
    return query.columns(external_repo_name="external_repo.name")


def find_rpms(call: Call, data: Row) -> list[Row]:
    """Find packages by ``id``, else by name, version, release, arch; ``location``: of that external repo
    only."""
    query = _query()
    if "id" in data:
        query.where("rpminfo.id = ?", data["id"])
    else:
        for name in ("name", "version", "release", "arch"):
            query.where(f"rpminfo.{name} = ?", data[name])
    if "location" in data:
        query.where("external_repo_id = ?", lookups.require_id(call, "external_repo", data["location"]))
    return query.all(call.db)


@exported("getRPM")
def get_rpm(call: Call, rpminfo: Any, strict: bool = False, multi: bool = False) -> Any:
    """Find a package by id, N-V-R.A (``@repo`` for an external one) or dictionary. If several fit, a build's
    goes before drafts', and those before external ones, the newest of each; ``multi`` returns all. Returns
    None if none fits; ``strict`` raises GenericError instead."""
    if isinstance(rpminfo, int) or (isinstance(rpminfo, str) and rpminfo.isdecimal()):
        data: Row = {"id": int(rpminfo)}
    elif isinstance(rpminfo, str):
        data = koji.parse_NVRA(rpminfo)
        if not data.get("location"):
            data.pop("location", None)
    elif isinstance(rpminfo, dict):
        data = rpminfo
    else:
        raise koji.GenericError(f"Invalid type for rpminfo: {type(rpminfo)!r}")
    found = find_rpms(call, data)
    if multi:
        return found
    if not found and strict:
        raise koji.GenericError(f"No such rpm: {data!r}")
    return min(
        found, key=lambda rpm: (rpm["external_repo_id"] != 0, bool(rpm["draft"]), -rpm["id"]), default=None
    )


@exported("listRPMs", "buildID", "buildrootID", "imageID", "componentBuildrootID", "hostID", "queryOpts")
def list_rpms(
    call: Call,
    build_id: int | None = None,
    buildroot_id: int | None = None,
    image_id: int | None = None,
    component_buildroot_id: int | None = None,
    host_id: int | None = None,
    arches: Any = None,
    query_opts: Any = None,
    draft: bool | None = None,
) -> Any:
    """List packages of a build, made in a buildroot, installed in a buildroot (``componentBuildrootID``),
    made on a builder; by arch."""
    if image_id is not None:
        return apply_options([], query_opts)
    query = _query().columns(nvr="rpminfo.name || '-' || rpminfo.version || '-' || rpminfo.release")
    for column, value in (("rpminfo.build_id", build_id), ("rpminfo.buildroot_id", buildroot_id)):
        if value is not None:
            query.where(f"{column} = ?", value)
    query.drafts("rpminfo", draft)
    if component_buildroot_id is not None:
        query.join("JOIN buildroot_listing AS listing ON listing.rpm_id = rpminfo.id")
        query.columns("listing.is_update", component_buildroot_id="listing.buildroot_id")
        query.where("listing.buildroot_id = ?", component_buildroot_id)
    if host_id is not None:
        query.join("JOIN buildroot ON buildroot.id = rpminfo.buildroot_id").where("host_id = ?", host_id)
    if arches is not None:
        query.where_in("rpminfo.arch", [arches] if isinstance(arches, str) else arches)
    return apply_options(query.order("rpminfo.id").all(call.db), query_opts)


@exported("listBuildRPMs")
def list_build_rpms(call: Call, build: Any) -> Any:
    """List the packages of a build. Raises GenericError if there is no such build."""
    return list_rpms(call, build_id=builds.find_build_id(call, build, strict=True))


def external_rpm(call: Call, entry: Row, location: Any) -> int:
    """Find the id of an external package, which is added when it is first seen. Raises GenericError for the
    same package with another payload hash: the repo has changed under its users."""
    for name, allowed in EXTERNAL_FIELDS:
        if name not in entry:
            raise koji.GenericError(f"{name} field missing: {entry!r}")
        if not isinstance(entry[name], allowed):
            raise koji.GenericError(f"Invalid value for {name}: {entry[name]!r}")
    values = {name: entry[name] for name, _ in EXTERNAL_FIELDS}
    known = find_rpms(call, {**values, "location": location})
    if not known:
        repo_id = lookups.require_id(call, "external_repo", location)
        return call.db.insert("rpminfo", {**values, "external_repo_id": repo_id})
    previous = known[0]
    if previous["payloadhash"] != values["payloadhash"]:
        shown = "{name}-{version}-{release}.{arch}@{external_repo_name}".format_map(previous)
        raise koji.GenericError(
            f"hash changed for external rpm: {shown} ({previous['payloadhash']} -> {values['payloadhash']})"
        )
    rpm_id: int = previous["id"]
    return rpm_id
