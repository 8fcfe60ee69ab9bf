"""Dist repos: repositories for users, which hold the packages themselves.

repos-dist/<tag>/<id>/repo.json, groups/comps.xml, <arch>/    when it is asked for
repos-dist/<tag>/<id>/<arch>/…, <arch>/Packages/<letter>/…    from the createdistrepo tasks
repos-dist/<tag>/latest                                       link to the newest
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import koji.util

from koji_adjutant.devhub.builds import builds, cancelling, rpms
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.people import hosts, policies, users
from koji_adjutant.devhub.repos import repos
from koji_adjutant.devhub.tags import inheritance, tags
from koji_adjutant.devhub.tasks import task_creation, tasks

CHECKED = ("name", "version", "release", "arch", "epoch", "size", "payloadhash", "build_id")
"""What a builder says of a package must be what the hub knows."""


@exported("distRepo")
def dist_repo(call: Call, tag: Any, keys: Any, **task_opts: Any) -> int:
    """Begin a dist repo of a tag with packages signed by ``keys``. Returns the id of the task."""
    if not users.has_perm(call, "dist-repo") and not users.has_perm(call, "admin"):
        policies.assert_policy(call, "dist_repo", {"tag": tag})
    repo_id, event = _init(call, tag, keys, task_opts)
    task_opts["event"] = event
    if inheritance.get_build_config(call, tag)["extra"].get("distrepo.cancel_others", False):
        for other in _running(call, tag):
            cancelling.cancel_task(call, other)
    arguments = [tag, repo_id, keys, task_opts]
    return task_creation.make_task(call, "distRepo", arguments, priority=15, channel="createrepo")


def _init(call: Call, tag: Any, keys: Any, opts: Row) -> tuple[int, int]:
    lookups.convert(keys, list, check_only=True)
    info = tags.get_tag(call, tag, strict=True)
    event = lookups.convert(opts.get("event"), int, none_allowed=True) or call.event
    volume = opts.get("volume")
    if volume is not None:
        volume = (lookups.lookup(call, "volume", volume, strict=True) or {})["name"]
    arches = {koji.canonArch(arch) for arch in opts["arch"]}
    now = time.time()
    values = {"creation_time": now, "state_time": now, "create_event": event, "tag_id": info["id"]}
    repo_id = call.db.insert("repo", {**values, "state": repos.INIT, "dist": True})
    directory = Path(call.paths.distrepo(repo_id, info["name"], volume=volume))
    for arch in arches:
        (directory / arch).mkdir(parents=True)
    if opts.get("comps"):
        comps = _uploaded(call, lookups.convert(opts["comps"], str, check_only=True))
        (directory / "groups").mkdir(parents=True)
        shutil.copyfile(comps, directory / "groups/comps.xml")
    about = {"id": repo_id, "tag": info["name"], "tag_id": info["id"], "keys": keys}
    about |= {"volume": volume, "task_opts": opts}
    (directory / "repo.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    return repo_id, event


def _running(call: Call, tag: Any) -> list[int]:
    """Find the unfinished distRepo tasks for the tag, as it was named."""
    states = (tasks.FREE, tasks.OPEN, tasks.ASSIGNED)
    found = tasks.select_tasks().where("method = 'distRepo'").where_in("state", states).all(call.db)
    return [task["id"] for task in found if tasks.request_of(call, task["id"])[0] == tag]


@exported("host.distRepoMove")
def dist_repo_move(call: Call, repo_id: Any, uploadpath: str, arch: str) -> None:
    """Put one arch of a dist repo in place: what is in the uploaded ``repo_manifest``, and the packages of
    the uploaded ``kojipkgs``."""
    hosts.require_host(call)
    repo = repos.repo_info(call, repo_id, strict=True)
    target = Path(call.paths.distrepo(repo["id"], repo["tag_name"])) / koji.canonArch(arch)
    if not target.is_dir():
        raise koji.GenericError(f"Repo arch directory missing: {target}")
    if repo["state"] != repos.INIT:
        raise koji.GenericError(f"Repo is in state: {koji.REPO_STATES[repo['state']]}")
    manifest = _uploaded(call, f"{uploadpath}/repo_manifest")
    if not manifest.is_file():
        raise koji.GenericError("Missing repo manifest")
    listed = _uploaded(call, f"{uploadpath}/kojipkgs")
    if not listed.is_file():
        raise koji.GenericError("Missing kojipkgs file")
    packages = json.loads(listed.read_text(encoding="utf-8"))
    moves = []
    for relative in json.loads(manifest.read_text(encoding="utf-8")):
        source = _uploaded(call, f"{uploadpath}/{relative}")
        if not source.exists():
            raise koji.GenericError(f"uploaded file missing: {source}")
        moves.append((source, target / os.path.normpath(relative)))
    links = list(_package_links(call, packages, target))
    for source, destination in moves:
        destination.parent.mkdir(parents=True, exist_ok=True)
        koji.util.safer_move(str(source), str(destination))
    for package, link in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.exists():
            raise koji.GenericError(f"File already in repo: {link}")
        os.link(package, link)


def _package_links(call: Call, packages: dict[str, Row], target: Path) -> Iterator[tuple[Path, Path]]:
    """Pair each package that a builder lists (or its signed copy) with its place in the repo. Raises
    GenericError if the builder's and the hub's records of it differ."""
    for name, said in packages.items():
        known = rpms.get_rpm(call, said["id"], strict=True)
        for key in CHECKED:
            if key not in said or said[key] != known[key]:
                raise koji.GenericError(f"kojipkgs entry does not match db: file {name}, key {key}")
        sigkey = said["sigkey"]
        relative = call.paths.signed(known, sigkey) if sigkey else call.paths.rpm(known)
        builddir = Path(call.paths.build(builds.get_build(call, known["build_id"])))
        yield builddir / relative, target / "Packages" / name[0].lower() / Path(name).name


def _uploaded(call: Call, relative: str) -> Path:
    """Locate a file below work/. Raises GenericError for a path that leads out of it."""
    normal = os.path.normpath(relative)
    if normal.startswith(("..", "/")):
        raise koji.GenericError(f"Invalid path: {relative}")
    return Path(call.paths.work()) / normal
