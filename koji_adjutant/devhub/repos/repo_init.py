"""repoInit and repoDone: what is on disk for a repo before and after createrepo.

repos/<tag>/<id>/groups/comps.xml, repo.json, <arch>/{pkglist, blocklist, rpmlist.jsonl, toplink}
repos/<tag>/<id>/<arch>/repodata/…      from the createrepo tasks
repos/<tag>/latest                      link to the newest
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import koji
import koji.util

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.people import hosts
from koji_adjutant.devhub.repos import repo_requests, repos
from koji_adjutant.devhub.tags import groups, packages, tag_changes, tagging, tags


@exported("host.repoInit")
def repo_init(
    call: Call, tag: Any, task_id: int | None = None, event: int | None = None, opts: Any = None
) -> list[int]:
    """Begin a repo of a tag as it is, or was at an event. Returns ``[repo id, event id]``."""
    hosts.require_host(call)
    task_id = lookups.convert(task_id, int, none_allowed=True)
    event = lookups.convert(event, int, none_allowed=True)
    info = tags.get_tag(call, tag, strict=True, event=event)
    options, custom = repos.options_of(info, opts)
    if event is not None and call.db.one("SELECT 1 FROM events WHERE id = ?", (event,)) is None:
        raise koji.GenericError("query returned no rows")
    event_id = call.new_event() if event is None else event
    now = time.time()
    values = {
        "creation_time": now,
        "state_time": now,
        "create_event": event_id,
        "begin_event": tag_changes.last_change(call, info["id"], before=event_id) or event_id,
        "end_event": tag_changes.first_change(call, info["id"], after=event_id),
        "tag_id": info["id"],
        "state": repos.INIT,
        "task_id": task_id,
        "opts": options,
        "custom_opts": custom,
    }
    repo_id = call.db.insert("repo", values)
    repo = {
        "id": repo_id,
        "tag": info["name"],
        "tag_id": info["id"],
        "task_id": task_id,
        "event_id": event_id,
    }
    legacy = {f"with_{name}": options[name] for name in ("src", "separate_src", "debuginfo")}
    directory = Path(call.paths.repo(repo_id, info["name"]))
    (directory / "groups").mkdir(parents=True)
    comps = koji.generate_comps(groups.get_tag_groups(call, info["id"], event=event_id), expand_groups=True)
    (directory / "groups/comps.xml").write_text(comps, encoding="utf-8")
    _write_json(directory / "repo.json", {**repo, "opts": options, "custom_opts": custom, **legacy})
    _write_lists(call, directory, info, event_id, options)
    return [repo_id, event_id]


def _write_json(path: Path, data: Row) -> None:
    path.write_text(json.dumps(data, indent=2), encoding="utf-8")


def _arches(info: Row, options: Row) -> list[str]:
    found = [koji.canonArch(arch) for arch in (info["arches"] or "").split()]
    found = [arch for arch in dict.fromkeys(found) if arch not in ("src", "noarch")]
    return (["src"] if options["separate_src"] else []) + found


def _destinations(arch: str, arches: list[str], options: Row) -> list[str]:
    """Choose the arches whose repos a package of some arch goes into."""
    if arch == "src":
        everywhere = arches if options["src"] else []
        return list(dict.fromkeys([*everywhere, *(["src"] if options["separate_src"] else [])]))
    if arch == "noarch":
        return [one for one in arches if one != "src"]
    return [koji.canonArch(arch)] if koji.canonArch(arch) in arches else []


def _write_lists(call: Call, directory: Path, info: Row, event: int, options: Row) -> None:
    latest = not info["extra"].get("repo_include_all", False)
    rpms, found = tagging.tagged_rpms(call, info["id"], event=event, inherit=True, latest=latest)
    paths = koji.PathInfo(topdir="toplink")
    directories = {build["id"]: paths.build(build).lstrip("/") for build in found}
    listed = packages.package_list(call, info["id"], event=event).values()
    blocked = "".join(entry["package_name"] + "\n" for entry in listed if entry["blocked"])
    arches = _arches(info, options)
    pkglist: dict[str, list[str]] = {arch: [] for arch in arches}
    rpmlist: dict[str, list[str]] = {arch: [] for arch in arches}
    for rpm in rpms:
        if koji.is_debuginfo(rpm["name"]) and not options["debuginfo"]:
            continue
        for arch in _destinations(rpm["arch"], arches, options):
            pkglist[arch].append(f"{directories[rpm['build_id']]}/{paths.rpm(rpm)}\n")
            rpmlist[arch].append(json.dumps(rpm) + "\n")
    for arch in arches:
        target = directory / arch
        target.mkdir()
        (target / "toplink").symlink_to(os.path.relpath(call.topdir, target))
        (target / "pkglist").write_text("".join(pkglist[arch]), encoding="utf-8")
        (target / "rpmlist.jsonl").write_text("".join(rpmlist[arch]), encoding="utf-8")
        (target / "blocklist").write_text(blocked, encoding="utf-8")


@exported("host.repoDone")
def repo_done(
    call: Call, repo_id: Any, data: Any, expire: bool = False, repo_json_updates: Row | None = None
) -> None:
    """Finish a repo: ``{arch: [upload path, [files]]}`` are moved to ``<arch>/repodata``, it becomes READY,
    and requests that it fulfils are marked."""
    hosts.require_host(call)
    repo = repos.repo_info(call, repo_id, strict=True)
    lookups.convert(data, dict, check_only=True)
    if repo["state"] != repos.INIT:
        raise koji.GenericError(f"Repo {repo['id']} not in INIT state (got {repo['state']})")
    directory = Path(call.paths.repo(repo["id"], repo["tag_name"]))
    if repo_json_updates:
        current = json.loads((directory / "repo.json").read_text(encoding="utf-8"))
        _write_json(directory / "repo.json", current | repo_json_updates)
    if not repo["dist"]:
        for arch, (upload_path, files) in data.items():
            _move_files(call, directory / koji.canonArch(arch), upload_path, files)
    repos.set_state(call, repo["id"], repos.EXPIRED if expire else repos.READY)
    if not expire:
        repo_requests.fulfil(call, repo["id"])
        _link_latest(call, repo, directory)


def _move_files(call: Call, target: Path, upload_path: str, files: list[str]) -> None:
    if not target.is_dir():
        raise koji.GenericError(f"Repo arch directory missing: {target}")
    (target / "repodata").mkdir(exist_ok=True)
    for name in files:
        if Path(name).name != name or ".." in upload_path.split("/"):
            raise koji.GenericError(f"Invalid path: {upload_path}/{name}")
        source = Path(call.paths.work()) / upload_path / name
        if not source.exists():
            raise koji.GenericError(f"uploaded file missing: {source}")
        place = target if name.endswith("pkglist") else target / "repodata"
        koji.util.safer_move(str(source), str(place / name))


def _link_latest(call: Call, repo: Row, directory: Path) -> None:
    """Point ``latest`` at the repo unless it has special options or a newer one is ready."""
    if repo["custom_opts"] and not repo["dist"]:
        return
    query = repos.select_repos().where("repo.tag_id = ? AND repo.state = ?", repo["tag_id"], repos.READY)
    query.where("repo.create_event > ? AND repo.dist = ?", repo["create_event"], repo["dist"])
    if any(repo["dist"] or not newer["custom_opts"] for newer in query.all(call.db)):
        return
    if repo["dist"]:
        directory = Path(call.paths.distrepo(repo["id"], repo["tag_name"]))
    link = directory.parent / "latest"
    link.unlink(missing_ok=True)
    link.symlink_to(str(repo["id"]))
