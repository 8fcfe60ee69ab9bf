"""Repos: repoInit and what it writes, repoDone, and repo requests."""

from __future__ import annotations

import json
from typing import Any

import koji
import pytest
import requests

from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.faults import refused
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker
from tests.hub.server import Hub
from tests.hub.wire import TIMEOUT

GENERIC = koji.GenericError.faultCode
READY = koji.REPO_READY


@pytest.fixture
def tag(admin: Any) -> str:
    return make_tag(admin)


def file_of_repo(hub: Hub, tag: str, repo: int, name: str) -> str:
    response = requests.get(f"{hub.files_url}/repos/{tag}/{repo}/{name}", timeout=TIMEOUT)
    response.raise_for_status()
    return response.text


def test_init(builder: Builder, tag: str) -> None:
    task = builder.open_task()
    repo, event = builder.session.host.repoInit(tag, task_id=task)
    info = builder.session.repoInfo(repo, strict=True)
    assert (info["state"], info["tag_name"], info["task_id"], info["dist"]) == (
        koji.REPO_INIT,
        tag,
        task,
        False,
    )
    assert info["create_event"] == event
    assert info["opts"] == {"src": False, "debuginfo": False, "separate_src": False, "maven": False}
    assert info["custom_opts"] == {}


def test_init_of_a_tag_that_does_not_exist(builder: Builder) -> None:
    with refused(GENERIC, "No such tagInfo: 'nope'"):
        builder.session.host.repoInit("nope")


def test_options_of_a_repo(builder: Builder, tag: str) -> None:
    repo, _ = builder.session.host.repoInit(tag, opts={"src": True})
    info = builder.session.repoInfo(repo)
    assert (info["opts"]["src"], info["custom_opts"]) == (True, {"src": True})


def test_init_at_an_event(builder: Builder, tag: str) -> None:
    event = builder.session.getLastEvent()["id"]
    builder.admin.packageListAdd(tag, unique("pkg"), owner=builder.admin.getLoggedInUser()["name"])
    assert builder.session.host.repoInit(tag, event=event)[1] == event


def test_files_of_a_new_repo(builder: Builder, hub: Hub, tag: str, rpms: RpmMaker) -> None:
    made = rpms.make()
    build = builder.imported(made.srpm, made.rpm)
    builder.admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    builder.admin.tagBuildBypass(tag, build["nvr"])
    blocked = unique("blocked")
    builder.admin.packageListAdd(tag, blocked, owner=hub.admin.name)
    builder.admin.packageListBlock(tag, blocked)
    builder.admin.groupListAdd(tag, "build", description="what a build needs")
    builder.admin.groupPackageListAdd(tag, "build", "bash")
    repo, _ = builder.session.host.repoInit(tag)

    name = made.srpm.name
    expected = f"toplink/packages/{name}/1/1/{ARCH}/{made.rpm.path.name}\n"
    assert file_of_repo(hub, tag, repo, f"{ARCH}/pkglist") == expected
    assert file_of_repo(hub, tag, repo, f"{ARCH}/blocklist") == f"{blocked}\n"
    (line,) = file_of_repo(hub, tag, repo, f"{ARCH}/rpmlist.jsonl").splitlines()
    listing = json.loads(line)
    assert (listing["name"], listing["build_id"]) == (name, build["id"])
    assert listing["payloadhash"] == made.rpm.listing()["payloadhash"]
    comps = file_of_repo(hub, tag, repo, "groups/comps.xml")
    assert "<id>build</id>" in comps
    assert '<packagereq type="mandatory">bash</packagereq>' in comps
    about = json.loads(file_of_repo(hub, tag, repo, "repo.json"))
    assert (about["id"], about["tag"]) == (repo, tag)


def test_the_packages_of_a_repo_can_be_read_through_toplink(
    builder: Builder, hub: Hub, tag: str, rpms: RpmMaker
) -> None:
    made = rpms.make()
    build = builder.imported(made.srpm, made.rpm)
    builder.admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    builder.admin.tagBuildBypass(tag, build["nvr"])
    repo, _ = builder.session.host.repoInit(tag)
    path = file_of_repo(hub, tag, repo, f"{ARCH}/pkglist").strip()
    response = requests.get(f"{hub.files_url}/repos/{tag}/{repo}/{ARCH}/{path}", timeout=TIMEOUT)
    assert response.content == made.rpm.path.read_bytes()


def test_done(builder: Builder, hub: Hub, tag: str) -> None:
    task = builder.open_task()
    repo, _ = builder.session.host.repoInit(tag, task_id=task)
    builder.upload(task, "repomd.xml", b"anything\n")
    builder.session.host.repoDone(repo, {ARCH: [koji.pathinfo.taskrelpath(task), ["repomd.xml"]]})
    assert builder.session.repoInfo(repo)["state"] == READY
    assert file_of_repo(hub, tag, repo, f"{ARCH}/repodata/repomd.xml") == "anything\n"
    assert (
        json.loads(requests.get(f"{hub.files_url}/repos/{tag}/latest/repo.json", timeout=TIMEOUT).text)["id"]
        == repo
    )


def test_done_for_an_arch_that_the_tag_does_not_have(builder: Builder, tag: str) -> None:
    repo, _ = builder.session.host.repoInit(tag)
    with refused(GENERIC, rf"Repo arch directory missing: /.*/repos/{tag}/{repo}/ppc64le"):
        builder.session.host.repoDone(repo, {"ppc64le": ["tasks/1/1", []]})


def test_done_without_an_uploaded_file(builder: Builder, tag: str) -> None:
    repo, _ = builder.session.host.repoInit(tag)
    with refused(GENERIC, "uploaded file missing: /.*/work/tasks/1/1/repomd.xml"):
        builder.session.host.repoDone(repo, {ARCH: ["tasks/1/1", ["repomd.xml"]]})


def test_done_twice(builder: Builder, tag: str) -> None:
    repo = builder.ready_repo(tag)
    with refused(GENERIC, rf"Repo {repo} not in INIT state \(got 1\)"):
        builder.session.host.repoDone(repo, {})


def test_the_newest_ready_repo(builder: Builder, tag: str) -> None:
    assert builder.session.getRepo(tag) is None
    first = builder.ready_repo(tag)
    second = builder.ready_repo(tag)
    builder.session.host.repoInit(tag)
    assert second > first
    assert builder.session.getRepo(tag)["id"] == second


def test_info_of_a_repo_that_does_not_exist(builder: Builder) -> None:
    assert builder.session.repoInfo(999_999_999) is None
    with refused(GENERIC):
        builder.session.repoInfo(999_999_999, strict=True)


def test_a_request_that_is_satisfied_already(builder: Builder, tag: str) -> None:
    repo = builder.ready_repo(tag)
    reply = builder.session.repo.request(tag)
    assert (reply["repo"]["id"], reply["request"], reply["duplicate"]) == (repo, None, False)


def test_a_request_for_a_newer_repo(builder: Builder, tag: str) -> None:
    builder.ready_repo(tag)
    builder.admin.editTag2(tag, extra={"changed": True})
    reply = builder.session.repo.request(tag, min_event="last")
    assert reply["repo"] is None
    request = reply["request"]
    assert request["active"] is True
    assert request["min_event"] == builder.session.tagLastChangeEvent(tag)
    assert builder.session.repo.request(tag, min_event="last")["duplicate"] is True
    assert builder.session.repo.checkRequest(request["id"])["repo"] is None
    repo = builder.ready_repo(tag)
    checked = builder.session.repo.checkRequest(request["id"])
    assert (checked["repo"]["id"], checked["request"]["repo_id"], checked["request"]["active"]) == (
        repo,
        repo,
        False,
    )


def test_the_request_queue_is_kojiras(builder: Builder) -> None:
    with refused(koji.ActionNotAllowed.faultCode, "repo permission required"):
        builder.session.repo.checkQueue()


def test_external_repos_of_a_tag(builder: Builder, tag: str) -> None:
    name = unique("ext")
    builder.admin.createExternalRepo(name, f"http://localhost/{name}/$arch")
    builder.admin.addExternalRepoToTag(tag, name, 5, merge_mode="bare")
    (info,) = builder.session.getExternalRepoList(tag)
    expected = {
        "external_repo_name": name,
        "url": f"http://localhost/{name}/$arch/",
        "merge_mode": "bare",
        "priority": 5,
        "arches": None,
        "tag_name": tag,
    }
    assert {key: info[key] for key in expected} == expected
    assert set(info) >= {"external_repo_id", "tag_id"}


def test_external_repos_come_with_the_parents(builder: Builder, admin: Any, tag: str) -> None:
    name, child = unique("ext"), make_tag(admin)
    admin.createExternalRepo(name, "http://localhost/")
    admin.addExternalRepoToTag(tag, name, 5)
    parent = admin.getTag(tag)["id"]
    admin.setInheritanceData(
        child,
        [
            {
                "parent_id": parent,
                "priority": 0,
                "maxdepth": None,
                "intransitive": False,
                "noconfig": False,
                "pkg_filter": "",
            }
        ],
    )
    assert [info["external_repo_name"] for info in builder.session.getExternalRepoList(child)] == [name]
    assert [link["parent_id"] for link in builder.session.getFullInheritance(child)] == [parent]
