"""Builds: a real hub's answers, probed line by line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.support.rpm_file import write_rpm
from tests.unit.devhub.builder import Builder


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
    by_name = {"name": "pgood", "version": "1.0", "release": "1", "arch": "x86_64", "payloadhash": "00" * 16}
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
