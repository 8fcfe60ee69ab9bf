"""Buildroots, builds and repos: a real hub's answers, probed line by line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.unit.devhub.builder import Builder
from tests.unit.devhub.rpm_file import write_rpm

HASH = "ab" * 16
EXTERNAL = {
    "name": "probe-ext",
    "version": "1",
    "release": "1",
    "epoch": None,
    "arch": "x86_64",
    "payloadhash": HASH,
    "size": 10,
    "buildtime": 1,
}


@pytest.fixture
def base_id(admin: koji.ClientSession) -> int:
    found: int = admin.getExternalRepo("base")["id"]
    return found


@pytest.fixture
def repo_id(builder: Builder, admin: koji.ClientSession) -> int:
    return builder.make_repo(admin, "dist-build")[0]


@pytest.fixture
def work(builder: Builder, admin: koji.ClientSession) -> Iterator[Work]:
    task_id = builder.open(admin, "build", "src", "dist", {})
    yield Work(builder, task_id)
    if admin.getTaskInfo(task_id)["state"] == koji.TASK_STATES["OPEN"]:
        builder.close(task_id)


class Work:
    """An open build task with what a build needs."""

    def __init__(self, builder: Builder, task_id: int) -> None:
        self.builder = builder
        self.host = builder.host
        self.task_id = task_id

    def init(self, name: str, **more: Any) -> int:
        data = {"name": name, "version": "1.0", "release": "1", "epoch": None, "task_id": self.task_id}
        build_id: int = self.host.initBuild({**data, **more})
        return build_id

    def upload(self, path: Path) -> str:
        return self.builder.upload(self.task_id, path)

    def complete(self, build_id: int, srpm: str, rpms: Any, *args: Any, **more: Any) -> Any:
        return self.host.completeBuild(self.task_id, build_id, srpm, rpms, *args, **more)


Package = Callable[..., tuple[str, str]]


@pytest.fixture
def package(work: Work, tmp_path: Path) -> Package:
    """Upload an SRPM and an RPM; returns their paths below work/."""

    def make(name: str, **more: Any) -> tuple[str, str]:
        source = work.upload(write_rpm(tmp_path, name, source=True))
        return source, work.upload(write_rpm(tmp_path, name, **more))

    return make


def test_new_buildroots(builder: Builder, repo_id: int, refused: Any) -> None:
    with refused(1, 'DETAIL:  Key (repo_id)=(999999) is not present in table "repo".'):
        builder.host.newBuildRoot(999999, "x86_64")
    with refused(1000, "Architecture can be only [a-zA-Z0-9_-]"):
        builder.host.newBuildRoot(repo_id, "x/86")
    with refused(1000, "No such task: 999999"):
        builder.host.newBuildRoot(repo_id, "x86_64", task_id=999999)
    assert builder.host.newBuildRoot(repo_id, "x86_64") > 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"location": 9999}, "No such entry in table external_repo: 9999"),
        ({"payloadhash": ...}, "payloadhash field missing: {"),
        ({"size": "10"}, "Invalid value for size: '10'"),
        ({"epoch": "0"}, "Invalid value for epoch: '0'"),
        ({"epoch": ...}, "epoch field missing: {"),
        ({"location": ...}, "No such rpm: {"),
    ],
)
def test_listings_that_are_refused(
    builder: Builder, repo_id: int, base_id: int, refused: Any, change: dict[str, Any], text: str
) -> None:
    entry = {**EXTERNAL, "name": "never-listed", "location": base_id, **change}
    entry = {name: value for name, value in entry.items() if value is not ...}
    buildroot = builder.host.newBuildRoot(repo_id, "x86_64")
    with refused(1000, text):
        builder.host.setBuildRootList(buildroot, [entry])
    assert builder.session.getBuildrootListing(buildroot) == []


def test_a_buildroots_life(
    builder: Builder, admin: koji.ClientSession, repo_id: int, base_id: int, refused: Any
) -> None:
    host = builder.host
    task_id = builder.open(admin)
    other_task = builder.open(admin)
    buildroot = host.newBuildRoot(repo_id, "x86_64", task_id=task_id)
    entry = {**EXTERNAL, "location": base_id}
    with refused(1, "DETAIL:  Key (buildroot_id, rpm_id)="):
        host.setBuildRootList(buildroot, [entry, entry])
    with refused(1000, f"buildroot {buildroot} in wrong state 0"):
        host.updateBuildRootList(buildroot, [entry])
    assert host.setBuildRootList(buildroot, [entry]) is None
    with refused(1, "already exists."):
        host.setBuildRootList(buildroot, [entry])
    with refused(1000, "Cannot change buildroot state to INIT"):
        host.setBuildRootState(buildroot, "INIT")
    assert host.setBuildRootState(buildroot, "BUILDING") is None
    with refused(1000, f"buildroot {buildroot} in wrong state 2"):
        host.setBuildRootList(buildroot, [entry])
    added = {**entry, "name": "probe-added"}
    host.updateBuildRootList(buildroot, [entry, added])
    host.updateBuildRootList(buildroot, [entry, added], task_id=task_id)
    with refused(1000, f"hash changed for external rpm: probe-ext-1-1.x86_64@base ({HASH} -> {'cd' * 16})"):
        host.updateBuildRootList(buildroot, [{**entry, "payloadhash": "cd" * 16}])
    host.updateBuildRootList(buildroot, [{**entry, "location": "base"}])
    host.updateBuildRootList(buildroot, [EXTERNAL])
    with refused(1004, f"Task {other_task} does not have lock on buildroot {buildroot}"):
        host.setBuildRootState(buildroot, "EXPIRED", task_id=other_task)
    with refused(1000, "no buildroot with ID: 99999"):
        host.setBuildRootState(99999, "EXPIRED")
    listed = {(rpm["name"], rpm["is_update"]) for rpm in admin.listRPMs(componentBuildrootID=buildroot)}
    assert listed == {("probe-ext", False), ("probe-added", True)}
    assert admin.listBuildroots(taskID=task_id)[0]["state"] == koji.BR_STATES["BUILDING"]
    host.setBuildRootState(buildroot, "EXPIRED")
    host.setBuildRootState(buildroot, "EXPIRED")
    with refused(1000, f"buildroot {buildroot} is EXPIRED"):
        host.setBuildRootState(buildroot, "BUILDING")
    with refused(1000, f"buildroot {buildroot} in wrong state 3"):
        host.updateBuildRootList(buildroot, [entry])
    info = admin.getBuildroot(buildroot)
    assert info["retire_ts"] >= info["create_ts"]


def test_a_buildroot_of_another_builder(builder: Builder, repo_id: int, refused: Any) -> None:
    other = Builder(builder.hub, "builder3", "builder")
    buildroot = other.host.newBuildRoot(repo_id, "x86_64")
    with refused(1004, f"Host {builder.id} not owner of buildroot {buildroot}"):
        builder.host.setBuildRootState(buildroot, "BUILDING")
    other.session.logout()


def test_init_build(work: Work, builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    with refused(1000, "No such task: 999999"):
        work.init("init", task_id=999999)
    with refused(1000, "No epoch value for build"):
        work.host.initBuild({"name": "init", "version": "1", "release": "1", "task_id": work.task_id})
    build_id = work.init("init")
    assert work.init("init") == build_id
    other = builder.open(admin)
    with refused(1000, f"Build already in progress (task {work.task_id})"):
        work.init("init", task_id=other)
    work.host.failBuild(work.task_id, build_id)
    assert work.init("init", task_id=other) == build_id
    assert admin.getBuild(build_id)["task_id"] == other
    admin.cancelBuild(build_id)
    assert admin.getTaskInfo(other)["state"] == koji.TASK_STATES["CANCELED"]


def test_a_good_build(
    work: Work,
    package: Package,
    builder: Builder,
    admin: koji.ClientSession,
    repo_id: int,
    tmp_path: Path,
    refused: Any,
) -> None:
    source, binary = package("pgood")
    log = tmp_path / "build.log"
    log.write_text("done\n")
    log_path = work.upload(log)
    buildroot = work.host.newBuildRoot(repo_id, "x86_64", task_id=work.task_id)
    build_id = work.init("pgood", source="git://x#1", extra={"source": {"original_url": "git://x#HEAD"}})
    brmap = {source: buildroot, binary: buildroot, "tasks/0/0/not-listed.rpm": buildroot}
    build = work.complete(build_id, source, [binary], brmap, logs={"x86_64": [log_path]})
    assert (build["nvr"], build["state"], build["cg_name"]) == (
        "pgood-1.0-1",
        koji.BUILD_STATES["COMPLETE"],
        None,
    )
    assert build["extra"] == {"source": {"original_url": "git://x#HEAD"}}
    directory = builder.hub.topdir / "packages/pgood/1.0/1"
    assert (directory / "x86_64/pgood-1.0-1.x86_64.rpm").is_file()
    assert (directory / "src/pgood-1.0-1.src.rpm").is_file()
    assert (directory / "data/logs/x86_64/build.log").read_text() == "done\n"
    assert (builder.hub.topdir / "work" / binary).is_symlink()
    found = {(rpm["arch"], rpm["buildroot_id"]) for rpm in admin.listBuildRPMs("pgood-1.0-1")}
    assert found == {("src", buildroot), ("x86_64", buildroot)}
    assert [log["path"] for log in admin.getBuildLogs(build_id)] == [
        "packages/pgood/1.0/1/data/logs/x86_64/build.log"
    ]
    assert admin.queryRPMSigs("pgood-1.0-1.x86_64")[0]["sigkey"] == ""
    with refused(1000, "Unable to complete build: state is COMPLETE"):
        work.complete(build_id, source, [binary])
    with refused(1000, f"cannot update build {build_id}, state: COMPLETE"):
        work.host.failBuild(work.task_id, build_id)
    with refused(1000, f"Build already exists (id={build_id}, state=COMPLETE): {{'name': 'pgood'"):
        work.init("pgood")
    assert admin.getAverageBuildDuration("pgood") > 0
    buildroot = work.host.newBuildRoot(repo_id, "x86_64")
    rpm = admin.getRPM("pgood-1.0-1.x86_64")
    by_name = {**EXTERNAL, "name": "pgood", "version": "1.0", "payloadhash": "00" * 16}
    work.host.setBuildRootList(buildroot, [by_name])
    other = work.host.newBuildRoot(repo_id, "x86_64")
    work.host.setBuildRootList(other, [{"id": rpm["id"], "name": "what", "arch": "ever"}])
    for one in (buildroot, other):
        assert [entry["rpm_id"] for entry in admin.getBuildrootListing(one)] == [rpm["id"]]


def test_builds_that_are_refused(
    work: Work, package: Package, builder: Builder, admin: koji.ClientSession, tmp_path: Path, refused: Any
) -> None:
    source, binary = package("pa")
    build_id = work.init("pa")
    top = builder.hub.topdir
    with refused(1000, f"No such file: {top}/work/tasks/1/1/nope.x86_64.rpm"):
        work.complete(build_id, source, ["tasks/1/1/nope.x86_64.rpm"])
    with refused(1000, "Invalid path: ../../etc/passwd"):
        work.complete(build_id, source, ["../../etc/passwd"])
    with refused(1019, "expected type <class 'list'>"):
        work.complete(build_id, source, {})
    with refused(1000, "no buildroot with ID: 99999"):
        work.complete(build_id, source, [binary], {binary: 99999})
    with refused(1000, f"not a source package: {top}/work/{binary}"):
        work.complete(build_id, binary, [])
    other = builder.open(admin)
    with refused(1000, f"task_id mismatch (build: {work.task_id}, rpm: {other})"):
        work.host.completeBuild(other, build_id, source, [binary])
    foreign, foreign_binary = package("pb")
    with refused(1000, "Unable to complete build: name mismatch (build: pa, rpm: pb)"):
        work.complete(build_id, foreign, [])
    with refused(1000, "pb-1.0-1.src.rpm (expected pa-1.0-1.src.rpm)"):
        work.complete(build_id, source, [foreign_binary])
    # the SRPM of the failed attempt has been moved already
    with refused(
        1000, f"Error importing archive file, {top}/packages/pa/1.0/1/src/pa-1.0-1.src.rpm already exists"
    ):
        work.complete(build_id, source, [binary])
    work.host.failBuild(work.task_id, build_id)
    assert work.init("pa") == build_id
    assert not (top / "packages/pa/1.0/1/src").exists()
    with refused(1000, "destination is a symlink"):
        package("pa")
    again = builder.open(admin)
    admin.cancelBuild(build_id)
    assert (
        builder.host.initBuild(
            {"name": "pa", "version": "1.0", "release": "1", "epoch": None, "task_id": again}
        )
        == build_id
    )
    paths = [
        builder.upload(again, write_rpm(tmp_path, "pa", source=True)),
        builder.upload(again, write_rpm(tmp_path, "pa")),
    ]
    assert builder.host.completeBuild(again, build_id, paths[0], paths[1:])["nvr"] == "pa-1.0-1"


def test_contents_that_are_refused(work: Work, package: Package, tmp_path: Path, refused: Any) -> None:
    source, wrong_name = package("pj", file_name="other-1-1.x86_64.rpm")
    build_id = work.init("pj")
    with refused(1000, "bad filename: other-1-1.x86_64.rpm (expected pj-1.0-1.x86_64.rpm)"):
        work.complete(build_id, source, [wrong_name])
    source, binary = package("pk")
    build_id = work.init("pk")
    with refused(1000, "tasks/1/1/nope.log is not a regular file."):
        work.complete(build_id, source, [binary], {}, logs={"x86_64": ["tasks/1/1/nope.log"]})
    source, binary = package("pl")
    build_id = work.init("pl")
    with refused(
        1, "DETAIL:  Key (name, version, release, arch, external_repo_id)=(pl, 1.0, 1, x86_64, 0) already"
    ):
        work.complete(build_id, source, [binary, binary])
    broken = tmp_path / "px-1.0-1.src.rpm"
    broken.write_bytes(b"no package at all")
    build_id = work.init("px")
    with refused(1000, ""):
        work.complete(build_id, work.upload(broken), [])


def test_contents_that_are_accepted(work: Work, package: Package, admin: koji.ClientSession) -> None:
    source, binary = package("ppc", arch="ppc64le")
    assert work.complete(work.init("ppc"), source, [binary])["nvr"] == "ppc-1.0-1"
    source, binary = package("pcut", payload=b"")
    assert work.complete(work.init("pcut"), source, [binary], {binary: None})["nvr"] == "pcut-1.0-1"
    assert {rpm["buildroot_id"] for rpm in admin.listBuildRPMs("pcut-1.0-1")} == {None}


def _noarch(
    builder: Builder, admin: koji.ClientSession, tmp_path: Path, name: str, count: int, **second: Any
) -> list[str]:
    """The same noarch package from several tasks; the last may differ."""
    paths = []
    for number in range(count):
        directory = tmp_path / str(number)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        more = second if number else {}
        task_id = builder.open(admin, "buildArch", "x", 1, "noarch", False)
        paths.append(builder.upload(task_id, write_rpm(directory, name, arch="noarch", **more)))
    return paths


def test_a_noarch_package_built_twice(
    work: Work, builder: Builder, admin: koji.ClientSession, tmp_path: Path, refused: Any
) -> None:
    source = work.upload(write_rpm(tmp_path, "ph", source=True))
    paths = _noarch(builder, admin, tmp_path, "ph", 2)
    assert work.complete(work.init("ph"), source, paths)["nvr"] == "ph-1.0-1"
    source = work.upload(write_rpm(tmp_path, "pi", source=True))
    paths = _noarch(builder, admin, tmp_path, "pi", 2, requires=["foo"])
    build_id = work.init("pi")
    with refused(1005, "added       REQUIRES foo"):
        work.complete(build_id, source, paths)
    hashes = {path.split("/")[1]: {"pi-1.0-1.noarch.rpm": "same"} for path in paths}
    report = tmp_path / "noarch_rpmdiff.json"
    report.write_text(json.dumps(hashes))
    log = work.upload(report)
    assert work.complete(build_id, source, paths, {}, logs={"noarch": [log]})["nvr"] == "pi-1.0-1"


def test_scratch_builds(work: Work, package: Package, builder: Builder, tmp_path: Path, refused: Any) -> None:
    source, binary = package("ps")
    log = tmp_path / "build.log"
    log.write_text("done\n")
    path = work.upload(log)
    with refused(1000, "No such file"):
        work.host.moveBuildToScratch(work.task_id, source, ["tasks/1/1/nope.rpm"])
    work.host.moveBuildToScratch(work.task_id, source, [binary], logs={"x86_64": [path]})
    directory = builder.hub.topdir / f"scratch/kojiadmin/task_{work.task_id}"
    assert (directory / "ps-1.0-1.x86_64.rpm").is_file()
    assert (directory / "logs/x86_64/build.log").is_file()


def test_tagging(
    work: Work, package: Package, builder: Builder, admin: koji.ClientSession, refused: Any
) -> None:
    source, binary = package("ptag")
    build_id = work.complete(work.init("ptag"), source, [binary])["id"]
    task_id = builder.open(admin, "tagBuild", 1, build_id)
    with refused(1003, "Package ptag not in list for dist"):
        builder.host.tagBuild(task_id, "dist", build_id)
    with refused(1003, "Package ptag not in list for dist"):
        admin.tagBuild("dist", build_id)
    admin.packageListAdd("dist", "ptag", owner="packager")
    builder.host.tagBuild(task_id, "dist", build_id)
    with refused(1003, "build ptag-1.0-1 already tagged (dist)"):
        builder.host.tagBuild(task_id, "dist", build_id)
    assert builder.host.tagNotification(True, "dist", None, build_id, 1) is None
    assert "ptag-1.0-1" in [build["nvr"] for build in admin.listTagged("dist-build", inherit=True)]
    assert "ptag-1.0-1" in [build["nvr"] for build in admin.getLatestBuilds("dist")]
    repo_id, event = builder.make_repo(admin, "dist-build")
    directory = builder.hub.topdir / f"repos/dist-build/{repo_id}/x86_64"
    assert "toplink/packages/ptag/1.0/1/x86_64/ptag-1.0-1.x86_64.rpm\n" in (directory / "pkglist").read_text()
    listed = [json.loads(line) for line in (directory / "rpmlist.jsonl").read_text().splitlines()]
    mine = next(rpm for rpm in listed if rpm["name"] == "ptag")
    assert {"id", "payloadhash", "build_id", "extra", "metadata_only"} <= set(mine)
    admin.packageListBlock("dist", "ptag")
    assert "ptag-1.0-1" not in [build["nvr"] for build in admin.listTagged("dist")]
    assert "ptag-1.0-1" in [build["nvr"] for build in admin.listTagged("dist", event=event)]
    with refused(1003, "Package ptag blocked in dist"):
        builder.host.tagBuild(task_id, "dist", build_id)
    blocked, _ = builder.make_repo(admin, "dist-build")
    assert (directory.parents[1] / f"{blocked}/x86_64/blocklist").read_text() == "ptag\n"
    admin.packageListUnblock("dist", "ptag")
    admin.untagBuild("dist", build_id)
    with refused(1003, "build ptag-1.0-1 not in tag dist"):
        admin.untagBuild("dist", build_id)


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
