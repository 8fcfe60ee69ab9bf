"""How builds come to be: begun by a builder's task, or entered by an administrator; and how they fail."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.builds.builds import BUILDING, CANCELED, COMPLETE, FAILED, get_build
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tasks import tasks

log = logging.getLogger(__name__)

HISTORY = (("tag_listing", "tag history"), ("rpminfo", "rpm data"), ("archiveinfo", "archive data"))
"""What a build must not have had to be begun anew."""


@exported("host.initBuild")
def init_build(call: Call, data: dict[str, Any]) -> int:
    """Begin a build for an own task: ``{name, version, release, epoch, task_id[, source, extra]}``; returns
    the build id. The same task may ask again; a failed or canceled build of the same NVR is begun anew."""
    tasks.assert_host(call, data["task_id"])
    owner = tasks.owner_of(call, data["task_id"])
    return new_build(call, {**data, "owner": owner, "state": BUILDING, "completion_time": None})


@exported("createEmptyBuild")
def create_empty_build(
    call: Call, name: str, version: str, release: str, epoch: Any, owner: Any = None, draft: bool = False
) -> int:
    """Enter a complete build without any content. Returns its id."""
    users.assert_perm(call, "admin")
    data = {"name": name, "version": version, "release": release, "epoch": epoch, "draft": draft}
    if owner is not None:
        data["owner"] = users.get_user(call, owner, strict=True)["id"]
    return new_build(call, data)


def new_build(call: Call, data: Row) -> int:
    """Add a build (complete and the caller's, if ``data`` does not say otherwise), or begin anew one that has
    failed or was canceled. Returns its id. Raises GenericError for any other build that exists, and for
    ``data`` without an N-V-R and epoch."""
    data = {**data, "pkg_id": _package_id(call, data)}
    for name in ("version", "release", "epoch"):
        if name not in data:
            raise koji.GenericError(f"No {name} value for build")
    defaults = {"state": COMPLETE, "start_time": "NOW", "completion_time": "NOW", "source": None}
    defaults |= {
        "owner": call.session.user_id,
        "task_id": None,
        "volume_id": 0,
        "extra": None,
        "draft": False,
    }
    data |= {name: value for name, value in defaults.items() if name not in data}
    data["draft"] = bool(data["draft"])
    existing = get_build(call, data)
    if existing is not None and data["draft"]:
        raise koji.GenericError(f"Target build already exists: {existing['nvr']} (id={existing['id']})")
    if existing is not None:
        return _recycle(call, existing, data)
    names = ("pkg_id", "version", "release", "epoch", "draft", "state", "task_id", "owner", "source", "extra")
    values = {name: data[name] for name in names} | _times(data) | {"create_event": call.event}
    if not data["draft"]:
        return call.db.insert("build", values)
    # the release carries the id, which is known only afterwards
    build_id = call.db.insert("build", values | {"release": f"{data['release']},draft_new"})
    release = koji.gen_draft_release(data["release"], build_id)
    call.db.update("build", {"release": release}, {"id": build_id})
    return build_id


def _times(data: Row) -> Row:
    now = time.time()
    times = {name: data[name] for name in ("start_time", "completion_time")}
    return {name: now if moment == "NOW" else moment for name, moment in times.items()}


def _package_id(call: Call, data: Row) -> int:
    if not data.get("name"):
        raise koji.GenericError("No name or package id provided for build")
    lookups.verify_name(data["name"])
    package_id: int = lookups.lookup_id(call, "package", data["name"], create=True)
    return package_id


def _recycle(call: Call, old: Row, data: Row) -> int:
    build_id: int = old["id"]
    if old["state"] == BUILDING:
        if data["state"] == BUILDING and data["task_id"] == old["task_id"]:
            return build_id
        raise koji.GenericError(f"Build already in progress (task {old['task_id']})")
    if old["state"] not in (FAILED, CANCELED):
        state = koji.BUILD_STATES[old["state"]]
        raise koji.GenericError(f"Build already exists (id={build_id}, state={state}): {data!r}")
    for table, what in HISTORY:
        if Select(table).columns("1").where("build_id = ?", build_id).value(call.db):
            raise koji.GenericError(f"Build already exists. Unable to recycle, has {what}")
    for table in ("build_types", "maven_builds"):
        call.db.delete(table, {"build_id": build_id})
    names = ("state", "task_id", "owner", "epoch", "source", "extra", "volume_id")
    values = {name: data[name] for name in names} | _times(data) | {"create_event": call.event}
    call.db.update("build", values, {"id": build_id})
    stray = Path(call.paths.build(old))
    if stray.exists():
        log.info("build %d begins anew: removing %s", build_id, stray)
        shutil.rmtree(stray)
    return build_id


@exported("host.failBuild")
def fail_build(call: Call, task_id: Any, build_id: int) -> None:
    """Mark a build in progress as failed."""
    tasks.assert_host(call, task_id)
    build = get_build(call, build_id, strict=True)
    if build["state"] != BUILDING:
        raise koji.GenericError(
            f"cannot update build {build['id']}, state: {koji.BUILD_STATES[build['state']]}"
        )
    call.db.update("build", {"state": FAILED, "completion_time": time.time()}, {"id": build["id"]})
