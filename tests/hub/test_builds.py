"""initBuild, completeBuild, failBuild, moveBuildToScratch: what the hub checks of a builder's claims."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.hub.builder import Builder
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.rpms import Rpm, RpmMaker, RpmSet

BUILD = koji.BuildError.faultCode
GENERIC = koji.GenericError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode
STATE = koji.BUILD_STATES


@pytest.fixture
def made(rpms: RpmMaker) -> RpmSet:
    """A source and a binary package that the hub does not have."""
    return rpms.make()


def rows(admin: Any, build: int) -> dict[str, dict[str, Any]]:
    return {rpm["arch"]: rpm for rpm in admin.listRPMs(buildID=build)}


def completion(builder: Builder, made: RpmSet, **changes: Any) -> tuple[int, dict[str, Any]]:
    """A build under way with its files uploaded: (build, arguments of completeBuild)."""
    task, build = builder.start_build(made.srpm)
    arguments = {
        "task_id": task,
        "build_id": build,
        "srpm": builder.upload_file(task, made.srpm.path),
        "rpms": [builder.upload_file(task, rpm.path) for rpm in made.rpms],
    }
    return build, arguments | changes


def test_init_build(builder: Builder, made: RpmSet) -> None:
    task, build = builder.start_build(made.srpm)
    info = builder.admin.getBuild(build)
    assert (info["state"], info["task_id"], info["epoch"], info["nvr"]) == (
        STATE["BUILDING"],
        task,
        None,
        f"{made.srpm.name}-1-1",
    )
    assert info["owner_id"] == builder.admin.getTaskInfo(task)["owner"]
    assert info["completion_ts"] is None
    assert isinstance(info["start_ts"], float)


def test_where_a_build_comes_from(builder: Builder, made: RpmSet) -> None:
    task = builder.open_task()
    data = {"name": made.srpm.name, "version": "1", "release": "1", "epoch": 2, "task_id": task}
    extra = {"source": {"original_url": "git://host/x#master"}}
    build = builder.session.host.initBuild(data | {"source": "git://host/x#abc", "extra": extra})
    info = builder.admin.getBuild(build)
    assert (info["epoch"], info["source"], info["extra"]) == (2, "git://host/x#abc", extra)


def test_init_build_again_for_the_same_task(builder: Builder, made: RpmSet) -> None:
    task, build = builder.start_build(made.srpm)
    assert builder.start_build(made.srpm, task) == (task, build)


def test_init_build_for_another_task(builder: Builder, made: RpmSet) -> None:
    task, _ = builder.start_build(made.srpm)
    with refused(GENERIC, rf"Build already in progress \(task {task}\)"):
        builder.start_build(made.srpm)


def test_init_build_of_an_existing_build(builder: Builder, made: RpmSet) -> None:
    build = builder.imported(made.srpm, made.rpm)
    with refused(GENERIC, rf"Build already exists \(id={build['id']}, state=COMPLETE\): "):
        builder.start_build(made.srpm)


def test_init_build_for_a_task_of_another_host(
    builder: Builder, other_builder: Builder, made: RpmSet
) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        builder.start_build(made.srpm, other_builder.open_task())


def test_init_build_needs_an_epoch(builder: Builder) -> None:
    with refused(GENERIC, "No epoch value for build"):
        builder.session.host.initBuild(
            {"name": "x", "version": "1", "release": "1", "task_id": builder.open_task()}
        )


def test_complete_build(builder: Builder, made: RpmSet, repo: int) -> None:
    root = builder.buildroot(repo)
    build, arguments = completion(builder, made)
    task = arguments["task_id"]
    log = builder.upload(task, "build.log", b"log\n")
    brmap = dict.fromkeys([arguments["srpm"], *arguments["rpms"]], root)
    builder.session.host.completeBuild(**arguments, brmap=brmap, logs={"x86_64": [log]})

    info = builder.admin.getBuild(build)
    assert (info["state"], info["volume_name"]) == (STATE["COMPLETE"], "DEFAULT")
    assert isinstance(info["completion_ts"], float)
    binary = rows(builder.admin, build)["x86_64"]
    expected = made.rpm.listing()
    assert {key: binary[key] for key in expected} == expected
    assert (binary["buildroot_id"], binary["external_repo_id"], binary["build_id"]) == (root, 0, build)
    assert [(log["name"], log["dir"]) for log in builder.admin.getBuildLogs(build)] == [
        ("build.log", "x86_64")
    ]


def test_the_files_move_and_leave_links(builder: Builder, made: RpmSet, hub: Any) -> None:
    if hub.topdir is None:
        pytest.skip("needs ADJUTANT_TEST_HUB_TOPDIR")
    _, arguments = completion(builder, made)
    builder.session.host.completeBuild(**arguments)
    stored = hub.topdir / "packages" / made.srpm.name / "1" / "1"
    assert (stored / "src" / made.srpm.path.name).read_bytes() == made.srpm.path.read_bytes()
    assert (stored / "x86_64" / made.rpm.path.name).is_file()
    assert (hub.topdir / "work" / arguments["rpms"][0]).is_symlink()


def test_a_file_that_was_not_uploaded(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made, rpms=["tasks/1/1/nope.x86_64.rpm"])
    with refused(GENERIC, "No such file: /.*/work/tasks/1/1/nope.x86_64.rpm"):
        builder.session.host.completeBuild(**arguments)


def test_a_task_of_another_host(builder: Builder, other_builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made, task_id=other_builder.open_task())
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        builder.session.host.completeBuild(**arguments)


def test_another_task_of_ours(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    other = builder.open_task()
    with refused(
        GENERIC,
        rf"Unable to complete build: task_id mismatch \(build: {arguments['task_id']}, rpm: {other}\)",
    ):
        builder.session.host.completeBuild(**(arguments | {"task_id": other}))


def test_a_binary_package_as_source(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    with refused(GENERIC, r"not a source package: /.*/work/tasks/.*\.x86_64\.rpm"):
        builder.session.host.completeBuild(**(arguments | {"srpm": arguments["rpms"][0]}))


def test_a_buildroot_that_does_not_exist(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    with refused(GENERIC, "no buildroot with ID: 999999999"):
        builder.session.host.completeBuild(**arguments, brmap={arguments["srpm"]: 999_999_999})


def test_a_package_of_another_source(builder: Builder, made: RpmSet, rpms: RpmMaker) -> None:
    _, arguments = completion(builder, made)
    stranger = rpms.make()
    arguments["rpms"] = [builder.upload_file(arguments["task_id"], stranger.rpm.path)]
    message = rf"srpm mismatch for /.*: {stranger.srpm.path.name} \(expected {made.srpm.path.name}\)"
    with refused(GENERIC, message):
        builder.session.host.completeBuild(**arguments)


def test_the_source_of_another_package(builder: Builder, made: RpmSet, rpms: RpmMaker) -> None:
    _, arguments = completion(builder, made)
    stranger = rpms.make()
    arguments["srpm"] = builder.upload_file(arguments["task_id"], stranger.srpm.path)
    message = (
        rf"Unable to complete build: name mismatch \(build: {made.srpm.name}, rpm: {stranger.srpm.name}\)"
    )
    with refused(GENERIC, message):
        builder.session.host.completeBuild(**arguments)


def test_the_types_of_the_arguments(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made, rpms={})
    with refused(
        koji.ParameterError.faultCode,
        r"Invalid type for value '\{\}': <class 'dict'>, expected type <class 'list'>",
    ):
        builder.session.host.completeBuild(**arguments)


def test_a_wrong_file_name(builder: Builder, made: RpmSet, tmp_path: Path) -> None:
    _, arguments = completion(builder, made)
    renamed = Path(shutil.copy(made.rpm.path, tmp_path / "other-1-1.x86_64.rpm"))
    arguments["rpms"] = [builder.upload_file(arguments["task_id"], renamed)]
    with refused(GENERIC, rf"bad filename: other-1-1.x86_64.rpm \(expected {made.rpm.path.name}\)"):
        builder.session.host.completeBuild(**arguments)


def test_a_missing_log(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    with refused(GENERIC, r"Error importing build log. /.*/nope.log is not a regular file."):
        builder.session.host.completeBuild(**arguments, logs={"x86_64": ["tasks/1/1/nope.log"]})


def test_the_same_package_twice(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    with refused(ANY_ERROR):
        builder.session.host.completeBuild(**(arguments | {"rpms": arguments["rpms"] * 2}))


def test_completing_twice(builder: Builder, made: RpmSet) -> None:
    _, arguments = completion(builder, made)
    builder.session.host.completeBuild(**arguments)
    with refused(GENERIC, "Unable to complete build: state is COMPLETE"):
        builder.session.host.completeBuild(**arguments)
    with refused(GENERIC, r"cannot update build \d+, state: COMPLETE"):
        builder.session.host.failBuild(arguments["task_id"], arguments["build_id"])


def test_after_a_refused_completion(builder: Builder, made: RpmSet) -> None:
    """Files that had been moved stay moved; the way out is failBuild, initBuild and fresh uploads."""
    build, arguments = completion(builder, made)
    task = arguments["task_id"]
    with refused(GENERIC, "not a regular file"):
        builder.session.host.completeBuild(**arguments, logs={"x86_64": ["tasks/1/1/nope.log"]})
    with refused(GENERIC, r"Error importing archive file, /.*/packages/.*\.src\.rpm already exists"):
        builder.session.host.completeBuild(**arguments)
    with refused(GENERIC, r"destination is a symlink: /.*\.src\.rpm"):
        builder.upload_file(task, made.srpm.path)
    builder.session.host.failBuild(task, build)
    assert builder.admin.getBuild(build)["state"] == STATE["FAILED"]
    builder.close(task)
    build_again, fresh = completion(builder, made)
    assert build_again == build
    builder.session.host.completeBuild(**fresh)
    assert builder.admin.getBuild(build)["state"] == STATE["COMPLETE"]


@pytest.mark.parametrize("arch", ["ppc64le", "noarch"])
def test_arches_are_not_compared_with_a_tags(builder: Builder, rpms: RpmMaker, arch: str) -> None:
    made = rpms.make(arch=arch)
    build = builder.imported(made.srpm, made.rpm)
    assert set(rows(builder.admin, build["id"])) == {"src", arch}


def test_a_truncated_payload_is_taken(builder: Builder, made: RpmSet) -> None:
    short = made.rpm.path
    short.write_bytes(short.read_bytes()[:-20])
    build = builder.imported(made.srpm, made.rpm)
    assert rows(builder.admin, build["id"])["x86_64"]["size"] == short.stat().st_size


@pytest.mark.parametrize("value", [None, {}])
def test_no_buildroots(builder: Builder, made: RpmSet, value: object) -> None:
    build = builder.imported(made.srpm, made.rpm, brmap=value)
    assert rows(builder.admin, build["id"])["x86_64"]["buildroot_id"] is None


def test_a_buildroot_for_a_file_that_is_not_listed(builder: Builder, made: RpmSet, repo: int) -> None:
    root = builder.buildroot(repo)
    build = builder.imported(made.srpm, made.rpm, brmap={"tasks/1/1/other.rpm": root})
    assert rows(builder.admin, build["id"])["src"]["buildroot_id"] is None


def noarch_from_two_tasks(builder: Builder, first: RpmSet, second: RpmSet) -> dict[str, Any]:
    """One build whose noarch subpackage was built by two tasks, as two arches do."""
    task, build = builder.start_build(first.srpm)
    uploads = [builder.upload_file(task, first.srpm.path)]
    for made in (first, second):
        child = builder.open_task()
        uploads += [builder.upload_file(child, rpm.path) for rpm in made.rpms if rpm.arch == "noarch"]
    builder.session.host.completeBuild(task, build, uploads[0], uploads[1:])
    return rows(builder.admin, build)


def test_the_same_noarch_package_from_two_tasks(builder: Builder, rpms: RpmMaker) -> None:
    made = rpms.make(noarch_subpackage=True)
    assert set(noarch_from_two_tasks(builder, made, made)) == {"src", "noarch"}


def test_different_noarch_packages_from_two_tasks(builder: Builder, rpms: RpmMaker) -> None:
    first = rpms.make(noarch_subpackage=True)
    second = rpms.make(first.srpm.name, noarch_subpackage=True, requires="foo")
    with refused(BUILD, r"added\s+REQUIRES foo"):
        noarch_from_two_tasks(builder, first, second)


def test_a_canceled_build(builder: Builder, made: RpmSet) -> None:
    task, build = builder.start_build(made.srpm)
    assert builder.admin.cancelBuild(build) is True
    assert builder.admin.getBuild(build)["state"] == STATE["CANCELED"]
    assert builder.admin.getTaskInfo(task)["state"] == koji.TASK_STATES["CANCELED"]
    assert builder.start_build(made.srpm)[1] == build


def test_canceling_the_task_cancels_the_build(builder: Builder, made: RpmSet) -> None:
    task, build = builder.start_build(made.srpm)
    builder.admin.cancelTask(task)
    assert builder.admin.getBuild(build)["state"] == STATE["CANCELED"]


def test_scratch(builder: Builder, made: RpmSet, hub: Any) -> None:
    task = builder.open_task()
    srpm, rpm = (builder.upload_file(task, one.path) for one in (made.srpm, made.rpm))
    log = builder.upload(task, "build.log", b"log\n")
    builder.session.host.moveBuildToScratch(task, srpm, [rpm], logs={"x86_64": [log]})
    assert builder.admin.getBuild(f"{made.srpm.name}-1-1") is None
    if hub.topdir is not None:
        stored = hub.topdir / "scratch" / hub.admin.name / f"task_{task}"
        assert (stored / made.rpm.path.name).is_file()
        assert (stored / "logs" / "x86_64" / "build.log").read_bytes() == b"log\n"


def test_scratch_of_a_missing_file(builder: Builder, made: RpmSet) -> None:
    task = builder.open_task()
    srpm = builder.upload_file(task, made.srpm.path)
    with refused(GENERIC, "No such file: /.*/nope.rpm"):
        builder.session.host.moveBuildToScratch(task, srpm, ["tasks/1/1/nope.rpm"])


def test_average_duration(builder: Builder, made: RpmSet) -> None:
    assert builder.session.getAverageBuildDuration(made.srpm.name, age=6) is None
    package = builder.imported(made.srpm, made.rpm)["package_id"]
    assert builder.session.getAverageBuildDuration(package, age=6) >= 0


def test_looking_packages_up(builder: Builder, made: RpmSet) -> None:
    builder.imported(made.srpm, made.rpm)
    rpm: Rpm = made.rpm
    assert (
        builder.admin.getRPM({"name": rpm.name, "version": "1", "release": "1", "arch": "x86_64"})["name"]
        == rpm.name
    )
    with refused(GENERIC, "No such rpm: "):
        builder.admin.getRPM("no-such-thing-1-1.x86_64", strict=True)
