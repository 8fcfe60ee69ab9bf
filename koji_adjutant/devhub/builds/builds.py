"""Builds: finding and listing their records; how they come to be is in build_creation.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users

BUILDING, COMPLETE, DELETED, FAILED, CANCELED = (
    koji.BUILD_STATES[name] for name in ("BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED")
)

JOINS = (
    "JOIN events ON events.id = build.create_event",
    "JOIN package ON package.id = build.pkg_id",
    "JOIN volume ON volume.id = build.volume_id",
    "JOIN users ON users.id = build.owner",
    "LEFT JOIN users AS promoter ON promoter.id = build.promoter",
)

NVR = "package.name || '-' || build.version || '-' || build.release"


def with_build_columns(query: Select) -> Select:
    """Add to a query over ``build`` and JOINS the columns that every call about builds returns."""
    query.columns(
        "build.version", "build.release", "build.epoch", "build.draft", "build.state", "build.task_id"
    )
    query.columns(
        build_id="build.id", package_id="package.id", package_name="package.name", name="package.name"
    )
    query.columns(
        volume_id="volume.id", volume_name="volume.name", owner_id="users.id", owner_name="users.name"
    )
    query.columns(
        nvr=NVR,
        creation_event_id="events.id",
        creation_time="iso(events.time)",
        promotion_time="iso(build.promotion_time)",
    )
    query.columns(start_time="iso(build.start_time)", completion_time="iso(build.completion_time)")
    return query.columns(promoter_id="promoter.id", promoter_name="promoter.name")


def _with_details(query: Select) -> Select:
    query.columns("build.source", "build.extra", creation_ts="events.time", start_ts="build.start_time")
    return query.columns(
        completion_ts="build.completion_time", promotion_ts="build.promotion_time", cg_id="NULL"
    )


@exported("findBuildID", build="X")
def find_build_id(call: Call, build: Any, strict: bool = False) -> Any:
    """Find the id of a build given by NVR, or a dictionary of name, version, release; an id is taken as it
    is. Returns None if there is none; ``strict`` raises GenericError instead."""
    if isinstance(build, int):
        return build
    if isinstance(build, str):
        data = koji.parse_NVR(build)
    elif isinstance(build, dict):
        data = build
    else:
        raise koji.GenericError(f"Invalid type for argument: {type(build)!r}")
    if not all(key in data for key in ("name", "version", "release")):
        raise koji.GenericError("did not provide name, version, and release")
    found = call.db.value(
        "SELECT build.id FROM build JOIN package ON package.id = pkg_id"
        " WHERE name = ? AND version = ? AND release = ?",
        (data["name"], data["version"], data["release"]),
    )
    if found is None and strict:
        raise koji.GenericError(f"No such build: {build!r}")
    return found


@exported("getBuild", "buildInfo")
def get_build(call: Call, build_info: Any, strict: bool = False) -> Any:
    """Find a build given by id, NVR or dictionary. Returns None if there is none; ``strict`` raises
    GenericError instead."""
    build_id = find_build_id(call, build_info, strict)
    query = _with_details(with_build_columns(Select("build", *JOINS))).columns("build.id", cg_name="NULL")
    build = query.where("build.id = ?", build_id).one(call.db)
    if build is None and strict:
        raise koji.GenericError(f"No such build: {build_info}")
    return build


TIMES = {
    "createdBefore": ("events.time", "<"),
    "createdAfter": ("events.time", ">"),
    "completeBefore": ("build.completion_time", "<"),
    "completeAfter": ("build.completion_time", ">"),
}


def _limit_times(query: Select, moments: tuple[Any, ...]) -> None:
    """Keep only builds created and completed between moments, which come in the order of TIMES: seconds since
    the epoch, or ISO text, or None for no limit."""
    for (column, sign), moment in zip(TIMES.values(), moments, strict=True):
        if moment:
            query.where(f"{'iso' if isinstance(moment, str) else ''}({column}) {sign} ?", moment)


@exported("listBuilds", "packageID", "userID", "taskID", "volumeID", "queryOpts", "cgID", "typeInfo", *TIMES)
def list_builds(
    call: Call,
    package_id: Any = None,
    user_id: Any = None,
    task_id: int | None = None,
    prefix: str | None = None,
    state: int | None = None,
    volume_id: int | None = None,
    source: str | None = None,
    created_before: Any = None,
    created_after: Any = None,
    complete_before: Any = None,
    complete_after: Any = None,
    type: Any = None,  # noqa: A002 - the remote name
    type_info: Any = None,
    query_opts: Any = None,
    pattern: str | None = None,
    cg_id: Any = None,
    draft: bool | None = None,
) -> Any:
    """List builds by package, owner, task (-1: any task), name prefix or pattern, state, source, times. There
    are none by content generator, nor of a ``type`` other than rpm."""
    if (type or "rpm") != "rpm" or any((type_info, cg_id)):
        return apply_options([], query_opts)
    query = _with_details(with_build_columns(Select("build", *JOINS)))
    if package_id is not None:
        package_id = lookups.lookup_id(call, "package", package_id) or 0
    if user_id is not None:
        user_id = (users.get_user(call, user_id) or {"id": 0})["id"]
    if task_id == -1:
        query.where("build.task_id IS NOT NULL")
        task_id = None
    wanted = {
        "package.id": package_id,
        "users.id": user_id,
        "build.task_id": task_id,
        "build.state": state,
        "volume.id": volume_id,
    }
    for column, value in wanted.items():
        if value is not None:
            query.where(f"{column} = ?", value)
    globs = {"build.source": source, NVR: pattern, "package.name": prefix and prefix + "*"}
    for column, glob in globs.items():
        if glob:
            query.where(f"regexp(?, {column})", lookups.glob_to_regex(glob))
    query.drafts("build", draft)
    _limit_times(query, (created_before, created_after, complete_before, complete_after))
    rows = query.order("build.id").all(call.db)
    return apply_options([{k: v for k, v in row.items() if k != "cg_id"} for row in rows], query_opts)


@exported("getAverageBuildDuration")
def get_average_build_duration(call: Call, package: Any, age: int | None = None) -> Any:
    """Average how many seconds builds of a package took (in the last ``age`` months). Returns None if there
    are none."""
    query = Select("build", "JOIN events ON events.id = create_event").columns(
        "avg(completion_time - events.time)"
    )
    query.where("pkg_id IS ? AND task_id IS NOT NULL", lookups.lookup_id(call, "package", package))
    query.where("state = ?", COMPLETE)
    if age is not None:
        query.where("completion_time > ?", time.time() - int(age) * 30.5 * 86400)
    return query.value(call.db)


@exported("getBuildLogs")
def get_build_logs(call: Call, build: Any) -> list[Row]:
    """List the log files of a build: ``[{name, dir, path}]``, path below topdir. Raises GenericError if there
    is no such build."""
    logdir = Path(call.paths.build_logs(get_build(call, build, strict=True)))
    return [
        {
            "name": path.name,
            "dir": str(path.parent.relative_to(logdir)),
            "path": str(path.relative_to(call.topdir)),
        }
        for path in sorted(logdir.rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]


@exported("getNextRelease")
def get_next_release(call: Call, build_info: dict[str, Any], incr: int = 1) -> str:
    """Suggest a release for a new build: the highest plain number used for the name and version, plus
    ``incr``."""
    rows = call.db.all(
        "SELECT release FROM build JOIN package ON package.id = pkg_id WHERE name = ? AND version = ?",
        (build_info["name"], build_info["version"]),
    )
    used = [
        int(row["release"].partition(".")[0]) for row in rows if row["release"].partition(".")[0].isdecimal()
    ]
    return str(max(used, default=0) + incr)
