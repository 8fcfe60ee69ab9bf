"""Dist repos: asking for one, and a builder's calls for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji
import pytest
import requests

from tests.hub.builder import ARCH, Builder, make_tag, upload_file
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker, RpmSet
from tests.hub.server import Hub
from tests.hub.wire import TIMEOUT

GENERIC = koji.GenericError.faultCode


@pytest.fixture
def tag(admin: Any) -> str:
    return make_tag(admin)


def ask(admin: Any, tag: str, keys: Any = (), **opts: Any) -> tuple[int, int]:
    """(task, repo) of a new dist repo that no worker is to make: its task is canceled at once."""
    task = admin.distRepo(tag, list(keys), **{"arch": [ARCH], **opts})
    admin.cancelTask(task)
    return task, admin.getTaskRequest(task)[1]


def served(hub: Hub, tag: str, path: str) -> bytes:
    response = requests.get(f"{hub.files_url}/repos-dist/{tag}/{path}", timeout=TIMEOUT)
    response.raise_for_status()
    return response.content


def test_asking_for_one(admin: Any, hub: Hub, tag: str) -> None:
    task, repo = ask(admin, tag, ["0123ABCD"], arch=["i686", ARCH, "src"], latest=True)
    info = admin.getTaskInfo(task)
    assert (info["method"], info["priority"], info["arch"]) == ("distRepo", 15, "noarch")
    assert admin.getChannel(info["channel_id"])["name"] == "createrepo"
    about = admin.repoInfo(repo)
    assert (about["state"], about["dist"], about["tag_name"]) == (koji.REPO_INIT, True, tag)
    opts = {"arch": ["i686", ARCH, "src"], "latest": True}
    assert admin.getTaskRequest(task) == [tag, repo, ["0123ABCD"], opts | {"event": about["create_event"]}]
    assert json.loads(served(hub, tag, f"{repo}/repo.json")) == {
        "id": repo,
        "tag": tag,
        "tag_id": about["tag_id"],
        "keys": ["0123ABCD"],
        "volume": None,
        "task_opts": opts,
    }
    assert hub.topdir is None or {
        path.name for path in (hub.topdir / f"repos-dist/{tag}/{repo}").iterdir()
    } == {
        "i386",
        ARCH,
        "src",
        "repo.json",
    }


def test_content_of_an_event(admin: Any, tag: str) -> None:
    event = admin.getLastEvent()["id"]
    _task, repo = ask(admin, tag, event=event)
    assert admin.repoInfo(repo)["create_event"] == event


def test_anybody_may_by_default(user: Any, admin: Any, tag: str) -> None:
    admin.cancelTask(user.distRepo(tag, [], arch=[ARCH]))


def test_comps(admin: Any, hub: Hub, tag: str, tmp_path: Path) -> None:
    file = tmp_path / "comps.xml"
    file.write_text("<comps/>\n")
    _task, repo = ask(admin, tag, comps=upload_file(admin, file, f"cli-dist-repo/{unique('comps')}"))
    assert served(hub, tag, f"{repo}/groups/comps.xml") == b"<comps/>\n"


def test_what_is_refused(admin: Any, tag: str) -> None:
    with refused(GENERIC, "No such tagInfo: 'nope'"):
        admin.distRepo("nope", [], arch=[ARCH])
    with refused(koji.ParameterError.faultCode, "Invalid type for value '0123abcd'"):
        admin.distRepo(tag, "0123abcd", arch=[ARCH])
    with refused(GENERIC, "No such entry in table volume: nowhere"):
        admin.distRepo(tag, [], arch=[ARCH], volume="nowhere")
    with refused(ANY_ERROR):
        admin.distRepo(tag, [])


def test_a_tag_with_one_task_at_a_time(admin: Any, tag: str) -> None:
    first = admin.distRepo(tag, [], arch=[ARCH])
    admin.editTag2(tag, extra={"distrepo.cancel_others": True})
    second = admin.distRepo(tag, [], arch=[ARCH])
    assert admin.getTaskInfo(first)["state"] == koji.TASK_STATES["CANCELED"]
    admin.cancelTask(second)


@dataclass(frozen=True)
class Upload:
    """An open task that has uploaded one arch of a dist repo, played by hand."""

    builder: Builder
    repo: int
    task: int

    @property
    def path(self) -> str:
        return str(koji.pathinfo.taskrelpath(self.task))

    def add(self, name: str, content: Any) -> None:
        self.builder.upload(self.task, name, json.dumps(content).encode())

    def move(self, arch: str = ARCH) -> None:
        self.builder.session.host.distRepoMove(self.repo, self.path, arch)


@pytest.fixture
def upload(builder: Builder, tag: str) -> Upload:
    _task, repo = ask(builder.admin, tag)
    return Upload(builder, repo, builder.open_task())


@pytest.fixture
def made(builder: Builder, rpms: RpmMaker) -> RpmSet:
    made = rpms.make()
    builder.imported(made.srpm, made.rpm)
    return made


def entry(admin: Any, made: RpmSet, **changes: Any) -> dict[str, Any]:
    """A package in kojipkgs."""
    info = admin.getRPM(made.rpm.path.name.removesuffix(".rpm"))
    return {made.rpm.path.name: {**info, "sigkey": None, **changes}}


def test_a_move(upload: Upload, hub: Hub, tag: str, made: RpmSet, tmp_path: Path) -> None:
    upload.add("kojipkgs", entry(upload.builder.admin, made))
    upload.add("repo_manifest", ["./kojipkgs", "repodata/repomd.xml"])
    repomd = tmp_path / "repomd.xml"
    repomd.write_bytes(made.rpm.path.read_bytes())
    upload_file(upload.builder.session, repomd, f"{upload.path}/repodata")
    upload.move()
    upload.builder.session.host.repoDone(upload.repo, {})
    admin = upload.builder.admin
    assert admin.getRepo(tag, dist=True)["id"] == upload.repo
    assert admin.getRepo(tag) is None
    for path in ("repodata/repomd.xml", f"Packages/{made.rpm.name[0]}/{made.rpm.path.name}"):
        assert served(hub, tag, f"latest/{ARCH}/{path}") == made.rpm.path.read_bytes()
    with refused(GENERIC, "Repo is in state: READY"):
        upload.move()


def test_a_move_without_what_it_needs(upload: Upload) -> None:
    with refused(GENERIC, rf"Repo arch directory missing: /.*/{upload.repo}/ppc64le"):
        upload.move("ppc64le")
    with refused(GENERIC, "Missing repo manifest"):
        upload.move()
    upload.add("repo_manifest", ["absent"])
    with refused(GENERIC, "Missing kojipkgs file"):
        upload.move()
    upload.add("kojipkgs", {})
    with refused(GENERIC, f"uploaded file missing: /.*/{upload.path}/absent"):
        upload.move()


@pytest.mark.parametrize("change", [{"payloadhash": "0" * 32}, {"size": 1}, {"arch": "noarch"}])
def test_a_package_that_is_another(upload: Upload, made: RpmSet, change: dict[str, Any]) -> None:
    upload.add("repo_manifest", [])
    upload.add("kojipkgs", entry(upload.builder.admin, made, **change))
    name = made.rpm.path.name
    with refused(GENERIC, f"kojipkgs entry does not match db: file {name}, key {next(iter(change))}"):
        upload.move()


def test_a_package_that_the_hub_does_not_know(upload: Upload, made: RpmSet) -> None:
    upload.add("repo_manifest", [])
    upload.add("kojipkgs", entry(upload.builder.admin, made, id=999_999_999))
    with refused(GENERIC, "No such rpm"):
        upload.move()
