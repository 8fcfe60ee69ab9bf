"""Buildroots: which packages a build was made with. The hub takes only packages that it knows, or that come
from an external repo."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import rpms
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import ConstraintError, Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import hosts
from koji_adjutant.devhub.tasks import tasks

INIT, BUILDING, EXPIRED = (koji.BR_STATES[name] for name in ("INIT", "BUILDING", "EXPIRED"))


def load(call: Call, buildroot_id: Any) -> Row:
    """Look up a buildroot's record by its id. Raises GenericError if there is none."""
    row = call.db.one("SELECT * FROM buildroot WHERE id = ?", (lookups.convert(buildroot_id, int),))
    if row is None:
        raise koji.GenericError(f"no buildroot with ID: {buildroot_id}")
    return row


def _own(call: Call, buildroot_id: Any, task_id: Any) -> Row:
    """Look up a buildroot that the caller may change. Raises ActionNotAllowed if it is another builder's, or
    was not made for the task that is named (if one is)."""
    host_id = hosts.require_host(call) if task_id is None else tasks.assert_host(call, task_id)
    row = load(call, buildroot_id)
    if row["host_id"] != host_id:
        raise koji.ActionNotAllowed(f"Host {host_id} not owner of buildroot {row['id']}")
    if task_id is not None and row["task_id"] != task_id:
        raise koji.ActionNotAllowed(f"Task {task_id} does not have lock on buildroot {row['id']}")
    return row


@exported("host.newBuildRoot")
def new_build_root(call: Call, repo: int, arch: str, task_id: Any = None) -> int:
    """Begin a buildroot made from a repo. Returns its id."""
    host_id = hosts.require_host(call) if task_id is None else tasks.assert_host(call, task_id)
    arch = koji.parse_arches(arch, strict=True, allow_none=True)
    if call.db.one("SELECT 1 FROM repo WHERE id = ?", (repo,)) is None:
        raise ConstraintError(
            'insert or update on table "standard_buildroot" violates a foreign key constraint\n'
            f'DETAIL:  Key (repo_id)=({repo}) is not present in table "repo".\n'
        )
    values = {"host_id": host_id, "repo_id": repo, "task_id": task_id, "arch": arch, "state": INIT}
    return call.db.insert("buildroot", {**values, "create_event": call.event})


@exported("host.setBuildRootState")
def set_build_root_state(call: Call, brootid: Any, state: Any, task_id: Any = None) -> None:
    """Change the state (number or name) of an own buildroot: never back to INIT, never away from EXPIRED."""
    row = _own(call, brootid, task_id)
    if isinstance(state, str):
        state = koji.BR_STATES[state]
    if state == INIT:
        raise koji.GenericError("Cannot change buildroot state to INIT")
    if row["state"] == EXPIRED:
        if state != EXPIRED:
            raise koji.GenericError(f"buildroot {row['id']} is EXPIRED")
        return
    values = {"state": state} | ({"retire_event": call.event} if state == EXPIRED else {})
    call.db.update("buildroot", values, {"id": row["id"]})


def _write_list(call: Call, row: Row, rpmlist: list[Row], state: int) -> None:
    if row["state"] != state:
        raise koji.GenericError(f"buildroot {row['id']} in wrong state {row['state']}")
    update = state == BUILDING
    listed = {entry["rpm_id"] for entry in _listing(call, row["id"])} if update else set()
    for entry in rpmlist:
        location = entry.get("location")
        if location:
            rpm_id = rpms.external_rpm(call, entry, location)
        else:
            rpm_id = rpms.get_rpm(call, entry, strict=True)["id"]
        if rpm_id not in listed:
            call.db.insert(
                "buildroot_listing", {"buildroot_id": row["id"], "rpm_id": rpm_id, "is_update": update}
            )
            listed |= {rpm_id} if update else set()


@exported("host.setBuildRootList")
def set_build_root_list(call: Call, brootid: Any, rpmlist: list[Row], task_id: Any = None) -> None:
    """List what a new buildroot consists of (once, while it is INIT). An entry with ``location`` (external
    repo id or name) is an external package, one with ``id`` that package, any other is looked up by
    N-V-R.A."""
    _write_list(call, _own(call, brootid, task_id), rpmlist, INIT)


@exported("host.updateBuildRootList")
def update_build_root_list(call: Call, brootid: Any, rpmlist: list[Row], task_id: Any = None) -> None:
    """List what has been added (while it is BUILDING); packages listed before are ignored."""
    _write_list(call, _own(call, brootid, task_id), rpmlist, BUILDING)


def _listing(call: Call, buildroot_id: int) -> list[Row]:
    query = Select("buildroot_listing", "JOIN rpminfo ON rpminfo.id = rpm_id")
    query.join("JOIN external_repo ON external_repo.id = external_repo_id")
    query.columns(
        "rpm_id", "is_update", "rpminfo.name", "version", "release", "epoch", "arch", "build_id", "draft"
    )
    query.columns("external_repo_id", external_repo_name="external_repo.name")
    return query.where("buildroot_listing.buildroot_id = ?", buildroot_id).all(call.db)


@exported("getBuildrootListing")
def get_buildroot_listing(call: Call, id: Any) -> list[Row]:  # noqa: A002 - the remote name
    """List the packages in a buildroot; ``is_update`` marks those that were added after it was set up."""
    return _listing(call, load(call, id)["id"])


@exported(
    "listBuildroots", "hostID", "tagID", "rpmID", "archiveID", "taskID", "buildrootID", "repoID", "queryOpts"
)
def list_buildroots(
    call: Call,
    host_id: int | None = None,
    tag_id: int | None = None,
    state: Any = None,
    rpm_id: int | None = None,
    archive_id: int | None = None,
    task_id: int | None = None,
    buildroot_id: Any = None,
    repo_id: int | None = None,
    query_opts: Any = None,
) -> Any:
    """List buildroots by builder, tag, state (or states), package in them, task, id (or ids), repo. Each
    comes with its builder, its repo and the repo's tag. By archive there are none."""
    if archive_id is not None:
        return apply_options([], query_opts)
    query = Select("buildroot", "JOIN host ON host.id = host_id JOIN repo ON repo.id = repo_id")
    query.join("JOIN tag ON tag.id = repo.tag_id JOIN events AS made ON made.id = buildroot.create_event")
    query.join("LEFT JOIN events AS retired ON retired.id = buildroot.retire_event")
    query.join("JOIN events AS repo_made ON repo_made.id = repo.create_event")
    query.columns("buildroot.id", "buildroot.state", "buildroot.task_id", "buildroot.arch", host_id="host.id")
    query.columns(host_name="host.name", repo_id="repo.id", repo_state="repo.state", tag_id="tag.id")
    query.columns(tag_name="tag.name", create_event_id="made.id", create_event_time="iso(made.time)")
    query.columns(create_ts="made.time", retire_event_id="retired.id", retire_event_time="iso(retired.time)")
    query.columns(retire_ts="retired.time", repo_create_event_id="repo_made.id")
    query.columns(repo_create_event_time="iso(repo_made.time)", container_arch="buildroot.arch")
    query.columns(
        container_type="'chroot'", br_type=str(koji.BR_TYPES["STANDARD"]), extra="NULL", host_os="NULL"
    )
    query.columns(host_arch="NULL", cg_id="NULL", cg_name="NULL", cg_version="NULL")
    for column, value in (
        ("host.id", host_id),
        ("tag.id", tag_id),
        ("buildroot.task_id", task_id),
        ("repo.id", repo_id),
    ):
        if value is not None:
            query.where(f"{column} = ?", value)
    for column, several in (("buildroot.state", state), ("buildroot.id", buildroot_id)):
        if several is not None:
            query.where_in(column, several if isinstance(several, list | tuple) else [several])
    if rpm_id is not None:
        query.where("buildroot.id IN (SELECT buildroot_id FROM buildroot_listing WHERE rpm_id = ?)", rpm_id)
    return apply_options(query.order("buildroot.id").all(call.db), query_opts)


@exported("getBuildroot", "buildrootID")
def get_buildroot(call: Call, buildroot_id: Any, strict: bool = False) -> Any:
    """Find a buildroot by its id, as listBuildroots describes it. Returns None if there is none; ``strict``
    raises GenericError instead."""
    found = list_buildroots(call, buildroot_id=lookups.convert(buildroot_id, int))
    if not found and strict:
        raise koji.GenericError(f"No such buildroot: {buildroot_id!r}")
    return found[0] if found else None
