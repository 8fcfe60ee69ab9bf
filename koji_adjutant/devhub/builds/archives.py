"""Archives: the files of builds that are no RPMs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.builds import build_types, builds
from koji_adjutant.devhub.builds.build_types import GAV
from koji_adjutant.devhub.builds.rpm_import import ARCHIVE_ERROR, move_upload, uploaded_path
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users

TYPE_COLUMNS = ("id", "name", "description", "extensions", "compression_type")
OWN_COLUMNS = {"maven": GAV, "image": ("arch",)}
"""What archives of a kind have beside what all have."""


@exported("getArchiveTypes")
def get_archive_types(call: Call) -> list[Row]:
    """List the types of files that can be imported, with their extensions. devhub has the common ones."""
    return Select("archivetypes").columns(*TYPE_COLUMNS).order("id").all(call.db)


@exported("getArchiveType")
def get_archive_type(
    call: Call,
    filename: str | None = None,
    type_name: str | None = None,
    type_id: int | None = None,
    strict: bool = False,
) -> Any:
    """Find a type of files by its id or name, or by the name of a file, whose longest known extension counts.
    Returns None if there is none; ``strict`` raises GenericError instead."""
    types = get_archive_types(call)
    if type_id or type_name:
        chosen = [one for one in types if (one["id"] == type_id if type_id else one["name"] == type_name)]
        if not chosen and strict:
            raise koji.GenericError("query returned no rows")
        return chosen[0] if chosen else None
    if not filename:
        raise koji.GenericError("one of filename, type_name, or type_id must be specified")
    parts = lookups.convert(filename, str, check_only=True).lower().split(".")
    for start in range(len(parts)):
        extension = ".".join(parts[start:])
        for one in types:
            if extension in one["extensions"].split():
                return one
    if strict:
        raise koji.GenericError(f"unsupported file extension: {filename}")
    return None


@exported("importArchive", "typeInfo", build_info="buildinfo")
def import_archive(call: Call, filepath: str, build_info: Any, type: str, type_info: Row) -> None:  # noqa: A002
    """Add an uploaded file (its path below work/) to a Maven or image build."""
    if type == "win":
        raise koji.GenericError("Windows support not enabled")
    if type not in OWN_COLUMNS:
        raise koji.GenericError(f"unsupported archive type: {type}")
    users.assert_perm(call, f"{type}-import")
    build: Row = builds.get_build(call, build_info, strict=True)
    path = uploaded_path(call, filepath)
    build_types.reject_draft(build)
    if not path.exists():
        raise koji.GenericError(f"No such file: {path}")
    file_type = get_archive_type(call, path.name, strict=True)
    if type not in build_types.types_of(call, build["id"]):
        raise koji.ImportError(f"Build does not have type {type}")
    values = {"build_id": build["id"], "type_id": file_type["id"]}
    values |= {"btype_id": lookups.require_id(call, "btype", type), "filename": path.name}
    values |= {"size": path.stat().st_size, "checksum": hashlib.sha256(path.read_bytes()).hexdigest()}
    values |= {"checksum_type": koji.CHECKSUM_TYPES["sha256"]}
    own = {name: type_info[name] for name in OWN_COLUMNS[type]}
    call.db.insert("archiveinfo", values | own)
    move_upload(path, Path(_directory(call, build, type, own)) / path.name, ARCHIVE_ERROR)


def _directory(call: Call, build: Row, kind: str, own: Row) -> str:
    if kind == "maven":
        return f"{call.paths.mavenbuild(build)}/{call.paths.mavenrepo(own)}"
    return str(call.paths.imagebuild(build))


@exported(
    "listArchives",
    "buildID",
    "buildrootID",
    "componentBuildrootID",
    "hostID",
    "typeInfo",
    "queryOpts",
    "imageID",
    "archiveID",
)
def list_archives(
    call: Call,
    build_id: int | None = None,
    buildroot_id: int | None = None,
    component_buildroot_id: int | None = None,
    host_id: int | None = None,
    type: str | None = None,  # noqa: A002 - the remote name
    filename: str | None = None,
    size: int | None = None,
    checksum: str | None = None,
    checksum_type: int | None = None,
    type_info: Row | None = None,
    query_opts: Any = None,
    image_id: int | None = None,
    archive_id: int | None = None,
    strict: bool = False,
) -> Any:
    """List archives by build, name, checksum. ``type`` limits them to one kind and adds the columns of
    OWN_COLUMNS, which ``typeInfo`` can look for. Raises GenericError for a kind that does not exist, and with
    ``strict`` if nothing is found."""
    query = Select(
        "archiveinfo",
        "JOIN archivetypes ON archivetypes.id = archiveinfo.type_id",
        "JOIN btype ON btype.id = archiveinfo.btype_id",
    )
    query.columns("archiveinfo.id", "type_id", "btype_id", "build_id", "filename", "size", "checksum")
    query.columns("checksum_type", "compression_type", btype="btype.name", buildroot_id="NULL")
    query.columns(metadata_only="FALSE", extra="NULL", type_name="archivetypes.name")
    query.columns(type_description="archivetypes.description", type_extensions="archivetypes.extensions")
    if type is not None:
        _only_kind(call, query, type, type_info or {})
    if any(one is not None for one in (buildroot_id, component_buildroot_id, host_id, image_id)):
        query.where("FALSE")  # what is imported was made by no builder, and is part of nothing
    wanted = {"build_id": build_id, "filename": filename, "size": size, "checksum": checksum}
    wanted |= {"checksum_type": checksum_type, "archiveinfo.id": archive_id}
    for column, value in wanted.items():
        if value is not None:
            query.where(f"{column} = ?", value)
    rows = query.order("archiveinfo.id").all(call.db)
    if strict and not rows:
        raise koji.GenericError("No archives found.")
    return apply_options([row | {"metadata_only": False} for row in rows], query_opts)


def _only_kind(call: Call, query: Select, kind: str, type_info: Row) -> None:
    if lookups.lookup(call, "btype", kind) is None:
        raise koji.GenericError(f"unsupported archive type: {kind}")
    columns = OWN_COLUMNS.get(kind, ())
    if type_info and not columns:
        raise koji.GenericError(f"typeInfo queries not supported for type {kind}")
    query.where("btype.name = ?", kind).columns(*columns)
    for name in columns:
        if name in type_info:
            query.where(f"{name} = ?", type_info[name])


@exported("getArchive")
def get_archive(call: Call, archive_id: int, strict: bool = False) -> Any:
    """Find an archive by its id, with the columns that only its kind has. Returns None if there is none;
    ``strict`` raises GenericError instead."""
    found = list_archives(call, archive_id=archive_id)
    if not found:
        if strict:
            raise koji.GenericError(f"No such archive: {archive_id}")
        return None
    (row,) = list_archives(call, archive_id=archive_id, type=found[0]["btype"])
    return row | {"rootid": False} if row["btype"] == "image" else row
