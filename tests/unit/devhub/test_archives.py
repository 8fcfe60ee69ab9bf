"""Builds with content that is no RPMs, and the packages that wrap it: a real hub's answers."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.support.rpm_file import write_rpm
from tests.unit.devhub.builder import Builder

GAV = {"group_id": "org.example", "artifact_id": "hello", "version": "1.0"}


@pytest.fixture
def identity() -> dict[str, Any]:
    return {"name": f"made-{secrets.token_hex(4)}", "version": "1.0", "release": "1", "epoch": None}


def upload(admin: koji.ClientSession, name: str, content: bytes = b"content") -> str:
    directory = f"cli-import/{secrets.token_hex(4)}"
    admin.rawUpload(content, 0, directory, name, overwrite=True)
    return f"{directory}/{name}"


def test_an_empty_build(admin: koji.ClientSession, identity: dict[str, Any], refused: Any) -> None:
    number = admin.createEmptyBuild(*identity.values())
    build = admin.getBuild(number)
    assert (build["state"], build["owner_name"], build["task_id"]) == (
        koji.BUILD_STATES["COMPLETE"],
        "kojiadmin",
        None,
    )
    assert admin.getBuildType(number) == {}
    with refused(1000, "Build already exists"):
        admin.createEmptyBuild(*identity.values())


def test_a_maven_build(admin: koji.ClientSession, identity: dict[str, Any], refused: Any) -> None:
    with refused(1000, "Maven info doesn't have mandatory 'version' key"):
        admin.createMavenBuild(identity, {"group_id": "a", "artifact_id": "b"})
    admin.createMavenBuild(identity, GAV)
    build = admin.getBuild(identity)
    about = GAV | {"build_id": build["id"]}
    assert admin.getMavenBuild(build["id"]) == about
    assert admin.getBuildType(build["id"]) == {"maven": about}
    with refused(1005, "version mismatch"):
        admin.createMavenBuild(build["nvr"], GAV | {"version": "2"})
    admin.importArchive(upload(admin, "hello-1.0.tar.gz"), build["id"], "maven", GAV)
    (archive,) = admin.listArchives(buildID=build["id"], type="maven")
    assert GAV.items() <= archive.items()
    assert (archive["filename"], archive["type_name"], archive["btype"]) == (
        "hello-1.0.tar.gz",
        "tar",
        "maven",
    )
    assert (archive["size"], archive["checksum_type"]) == (7, koji.CHECKSUM_TYPES["sha256"])
    assert admin.getArchive(archive["id"]) == archive
    assert admin.listArchives(buildID=build["id"], type="image") == []


def test_an_image_build(admin: koji.ClientSession, identity: dict[str, Any], hub: Any) -> None:
    admin.createImageBuild(identity)
    build = admin.getBuild(identity)
    admin.importArchive(upload(admin, "disk.raw"), identity, "image", {"arch": "x86_64"})
    (archive,) = admin.listArchives(buildID=build["id"])
    assert "arch" not in archive
    assert admin.getArchive(archive["id"])["arch"] == "x86_64"
    assert (Path(koji.PathInfo(str(hub.topdir)).imagebuild(build)) / "disk.raw").read_bytes() == b"content"


def test_what_cannot_be_imported(
    admin: koji.ClientSession, packager: koji.ClientSession, identity: dict[str, Any], refused: Any
) -> None:
    admin.createImageBuild(identity)
    arch = {"arch": "x86_64"}
    with refused(1000, "unsupported file extension: a.unheardof"):
        admin.importArchive(upload(admin, "a.unheardof"), identity, "image", arch)
    with refused(1000, "unsupported archive type: remote-sources"):
        admin.importArchive("x/a.raw", identity, "remote-sources", {})
    with refused(1000, "No such file"):
        admin.importArchive("x/a.raw", identity, "image", arch)
    with refused(1000, "Invalid path"):
        admin.importArchive("../x/a.raw", identity, "image", arch)
    with refused(koji.ImportError.faultCode, "Build does not have type maven"):
        admin.importArchive(upload(admin, "a.jar"), identity, "maven", GAV)
    with refused(1004, "image-import permission required"):
        packager.importArchive("x/a.raw", identity, "image", arch)
    with refused(1000, "Windows support not enabled"):
        admin.createWinBuild(identity, {"platform": "x"})
    with refused(1000, "No archives found."):
        admin.listArchives(buildID=admin.getBuild(identity)["id"], strict=True)


def test_wrapper_packages(
    admin: koji.ClientSession, builder: Builder, identity: dict[str, Any], tmp_path: Path, refused: Any
) -> None:
    """Their names need not be the build's; a build gets them once."""
    admin.createImageBuild(identity)
    build = admin.getBuild(identity)
    task = builder.open(admin)
    name = f"{identity['name']}-wrapper"
    srpm = write_rpm(tmp_path, name, arch="src")
    log = tmp_path / "build.log"
    log.write_text("log")
    for file in (srpm, log):
        builder.upload(task, file)
    results = {"srpm": srpm.name, "rpms": [], "logs": [log.name], "buildroot_id": None}
    builder.host.importWrapperRPMs(task, build["id"], results)
    assert [rpm["name"] for rpm in admin.listBuildRPMs(build["id"])] == [name]
    assert set(admin.getBuildType(build["id"])) == {"rpm", "image"}
    assert [log["dir"] for log in admin.getBuildLogs(build["id"])] == ["noarch"]
    with refused(1000, "have already been imported"):
        builder.host.importWrapperRPMs(task, build["id"], results)
    with refused(koji.PreBuildError.faultCode, "have already been built"):
        admin.wrapperRPM(build["id"], "git://x/y#z", "dist")
    with refused(1000, "No such build"):
        admin.wrapperRPM("no-such-1", "git://x/y#z", "dist")
    number = admin.wrapperRPM(build["id"], "git://x/y#z", "dist", opts={"scratch": True, "repo_id": 1})
    assert admin.getTaskRequest(number)[4] == {"scratch": True}
    assert admin.getTaskInfo(number)["channel_id"] == admin.getChannel("maven")["id"]
    admin.cancelTask(number)
