"""A builder's results become content of the hub, after the checks that a real hub makes: completeBuild,
importWrapperRPMs, moveBuildToScratch.

Files are moved out of work/ one by one, leaving links there. If a later one is refused the database forgets
all about it, the moved files stay where they are, and the build has to be failed and begun anew: as on a
real hub.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import koji
import koji.util

from koji_adjutant.devhub.builds import build_types, buildroots, builds, noarch_diff, signatures
from koji_adjutant.devhub.builds.rpm_headers import read_identity
from koji_adjutant.devhub.builds.rpms import list_rpms as rpms_of
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tasks import tasks

Logs = Mapping[str, list[str]] | None


def _work(call: Call) -> Path:
    return Path(call.paths.work())


def _safe(relative: str) -> str:
    """Check that a path stays below work/, and return it as given. Raises GenericError if it does not."""
    lookups.convert(relative, str, check_only=True)
    normal = os.path.normpath(relative)
    if normal.startswith(("..", "/")):
        raise koji.GenericError(f"Invalid path: {relative}")
    return relative


def uploaded_path(call: Call, relative: str) -> Path:
    """Locate an uploaded file, which need not be there. Raises GenericError for a path out of work/."""
    return _work(call) / _safe(relative)


def _assert_uploaded(call: Call, paths: list[str]) -> None:
    for path in paths:
        full = _work(call) / _safe(path)
        if not full.exists():
            raise koji.GenericError(f"No such file: {full}")


ARCHIVE_ERROR = "Error importing archive file, {} {}"
LOG_ERROR = "Error importing build log. {} {}."


def move_upload(source: Path, destination: Path, error: str) -> None:
    """Move an uploaded file into place and leave a link. ``error``: the message, to be formatted."""
    if destination.exists():
        raise koji.GenericError(error.format(destination, "already exists"))
    if source.is_symlink() or not source.is_file():
        raise koji.GenericError(error.format(source, "is not a regular file"))
    koji.util.move_and_symlink(str(source), str(destination), create_dir=True)


@exported("host.completeBuild")
def complete_build(
    call: Call, task_id: Any, build_id: int, srpm: str, rpms: list[str], brmap: Any = None, logs: Logs = None
) -> Any:
    """Take over the results of a build: paths below work/ of the SRPM, the RPMs and the logs (by arch), and
    which buildroot made which (path -> id). Returns the build."""
    tasks.assert_host(call, task_id)
    brmap = lookups.convert({} if brmap is None else brmap, dict, check_only=True)
    lookups.convert(srpm, str, check_only=True)
    lookups.convert(rpms, list, check_only=True)
    _assert_uploaded(call, [srpm, *rpms])
    rpms = noarch_diff.drop_duplicates(_work(call), rpms, logs)
    for buildroot_id in {value for value in brmap.values() if value is not None}:
        buildroots.load(call, buildroot_id)
    build = _check_srpm(call, _work(call) / srpm, task_id, build_id)
    values = {"state": builds.COMPLETE, "completion_time": time.time()}
    call.db.update("build", values, {"id": build["id"]})
    build = builds.get_build(call, build["id"], strict=True)
    for path in [srpm, *rpms]:
        _import_rpm(call, _work(call) / path, build, brmap.get(path))
    for arch, paths in (logs or {}).items():
        _import_logs(call, build, arch, paths)
    return build


@exported("host.importWrapperRPMs")
def import_wrapper_rpms(call: Call, task_id: Any, build_id: int, rpm_results: Row) -> None:
    """Add the packages of an own wrapperRPM task to the build that they wrap, which must not have any."""
    tasks.assert_host(call, task_id)
    build: Row = builds.get_build(call, build_id, strict=True)
    if build["state"] != builds.COMPLETE:
        state = koji.BUILD_STATES[build["state"]].lower()
        raise koji.GenericError(
            f"cannot import wrapper rpms for {koji.buildLabel(build)}: build state is {state}, not complete"
        )
    if rpms_of(call, build_id=build["id"]):
        raise koji.GenericError(f"wrapper rpms for {koji.buildLabel(build)} have already been imported")
    directory = Path(call.paths.taskrelpath(int(task_id)))
    for name in [rpm_results["srpm"], *rpm_results["rpms"]]:
        path = uploaded_path(call, str(directory / name))
        if not path.exists():
            raise koji.GenericError(f"No such file: {path}")
        _import_rpm(call, path, build, rpm_results["buildroot_id"], wrapper=True)
    _import_logs(call, build, "noarch", [str(directory / name) for name in rpm_results["logs"]])


def _import_logs(call: Call, build: Row, arch: str, paths: list[str]) -> None:
    directory = Path(call.paths.build_logs(build)) / _safe(arch or ".")
    for path in paths:
        move_upload(uploaded_path(call, path), directory / Path(path).name, LOG_ERROR)


def _check_srpm(call: Call, path: Path, task_id: int, build_id: int) -> Row:
    """Find the build that the SRPM belongs to. Raises GenericError if it is no source package, or is of
    another name, version, release or epoch, or the build is another task's or not in progress."""
    header = read_identity(path)
    if not header.is_source:
        raise koji.GenericError(f"not a source package: {path}")
    build: Row = builds.get_build(call, build_id, strict=True)
    found = {name: getattr(header, name) for name in ("name", "version", "release", "epoch")}
    if build["draft"]:
        found["release"] = koji.gen_draft_release(header.release, build["id"])
    for name, value in {**found, "task_id": task_id}.items():
        if value != build[name]:
            raise koji.GenericError(
                f"Unable to complete build: {name} mismatch (build: {build[name]}, rpm: {value})"
            )
    if build["state"] != builds.BUILDING:
        raise koji.GenericError(f"Unable to complete build: state is {koji.BUILD_STATES[build['state']]}")
    return build


def _import_rpm(
    call: Call, path: Path, build: Row, buildroot_id: int | None, *, wrapper: bool = False
) -> None:
    header = read_identity(path)
    if path.name != header.file_name:
        raise koji.GenericError(f"bad filename: {path.name} (expected {header.file_name})")
    release = koji.parse_target_release(build["release"]) if build["draft"] else build["release"]
    expected = f"{build['name']}-{build['version']}-{release}.src.rpm"
    source = path.name if header.is_source else header.sourcerpm
    if source != expected and not wrapper:
        raise koji.GenericError(f"srpm mismatch for {path}: {source} (expected {expected})")
    build_types.add_build_type(call, build["id"], "rpm")
    names = ("name", "version", "release", "epoch", "arch", "payloadhash", "buildtime")
    values = {name: getattr(header, name) for name in names}
    origin = {"build_id": build["id"], "buildroot_id": buildroot_id, "external_repo_id": 0}
    origin["draft"] = build["draft"]
    rpm_id = call.db.insert("rpminfo", {**values, **origin, "size": path.stat().st_size})
    builddir = Path(call.paths.build(build))
    move_upload(path, builddir / call.paths.rpm(values), ARCHIVE_ERROR)
    signatures.store_signature(
        call, builddir, {**values, "id": rpm_id}, header.signature_header, header.sigkey
    )


@exported("host.moveBuildToScratch")
def move_build_to_scratch(call: Call, task_id: Any, srpm: str, rpms: list[str], logs: Logs = None) -> None:
    """Put the results of a scratch build into ``scratch/<owner>/task_<id>``; only their existence is
    checked."""
    tasks.assert_host(call, task_id)
    _assert_uploaded(call, [srpm, *rpms])
    rpms = noarch_diff.drop_duplicates(_work(call), rpms, logs)
    owner = users.get_user(call, tasks.owner_of(call, task_id), strict=True)["name"]
    directory = Path(call.paths.scratch()) / owner / f"task_{int(task_id)}"
    moves = [(path, directory) for path in [srpm, *rpms]]
    for arch, paths in (logs or {}).items():
        moves += [(path, directory / "logs" / _safe(arch or ".")) for path in paths]
    for path, target in moves:
        source = _work(call) / _safe(path)
        koji.util.move_and_symlink(str(source), str(target / source.name), create_dir=True)
