"""Repos: a real hub's answers, probed line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import koji

from tests.unit.devhub.builder import Builder


def test_repos(builder: Builder, admin: koji.ClientSession, tmp_path: Path, refused: Any) -> None:
    host, top = builder.host, builder.hub.topdir
    with refused(1000, "No such tagInfo: 'nope'"):
        host.repoInit("nope")
    admin.groupListAdd("dist-build", "build")
    admin.groupPackageListAdd("dist-build", "build", "bash")
    task_id = builder.open(admin)
    repo_id, event = host.repoInit("dist-build", task_id=task_id)
    directory = top / f"repos/dist-build/{repo_id}"
    assert '<packagereq type="mandatory">bash</packagereq>' in (directory / "groups/comps.xml").read_text()
    about = json.loads((directory / "repo.json").read_text())
    assert (about["id"], about["tag"], about["event_id"]) == (repo_id, "dist-build", event)
    assert (directory / "x86_64/toplink").resolve() == top.resolve()
    with refused(1000, f"Repo arch directory missing: {directory}/ppc64le"):
        host.repoDone(repo_id, {"ppc64le": ["tasks/1/1", []]})
    uploads = koji.pathinfo.taskrelpath(task_id)
    with refused(1000, f"uploaded file missing: {top}/work/{uploads}/repomd.xml"):
        host.repoDone(repo_id, {"x86_64": [uploads, ["repomd.xml"]]})
    with refused(1000, "Invalid path"):
        host.repoDone(repo_id, {"x86_64": [uploads, ["../../../etc/passwd"]]})
    (tmp_path / "repomd.xml").write_text("<repomd/>")
    builder.upload(task_id, tmp_path / "repomd.xml")
    host.repoDone(repo_id, {"x86_64": [uploads, ["repomd.xml"]]})
    with refused(1000, f"Repo {repo_id} not in INIT state (got 1)"):
        host.repoDone(repo_id, {})
    info = admin.repoInfo(repo_id)
    assert info["opts"] == {"src": False, "maven": False, "debuginfo": False, "separate_src": False}
    assert (info["state"], info["task_id"], info["dist"], info["create_event"]) == (1, task_id, False, event)
    assert (top / "repos/dist-build/latest").resolve() == directory.resolve()
    answer = builder.session.repo.request("dist-build")
    assert (answer["repo"]["id"], answer["request"], answer["duplicate"]) == (repo_id, None, False)
    assert admin.getRepo("dist-build")["id"] == repo_id


def test_a_request_is_queued_and_fulfilled(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    admin.createTag("queue-build", arches="x86_64")
    first = builder.session.repo.request("queue-build")
    assert (first["repo"], first["duplicate"]) == (None, False)
    assert builder.session.repo.request("queue-build")["duplicate"] is True
    request = first["request"]["id"]
    builder.make_repo(admin, "queue-build")
    answer = admin.repo.checkRequest(request)
    assert answer["request"]["active"] is False
    assert answer["repo"]["tag_name"] == "queue-build"
    admin.editTag2("queue-build", extra={"x": 1})
    assert admin.repo.request("queue-build", min_event="last")["repo"] is None
    with refused(1000, "No such request"):
        admin.repo.checkRequest(999999)
    with refused(1019, "The min_event and at_event options conflict"):
        admin.repo.request("queue-build", min_event=1, at_event=1)
    with refused(1019, "Invalid event: 999999"):
        admin.repo.request("queue-build", min_event=999999)
