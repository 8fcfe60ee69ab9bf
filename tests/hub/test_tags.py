"""Tags, targets, policies and tagging: what a ``build`` task asks before and does after."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.faults import refused
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker

GENERIC = koji.GenericError.faultCode
TAG = koji.TagError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode


@pytest.fixture
def tag(admin: Any) -> str:
    return make_tag(admin)


@pytest.fixture
def build(builder: Builder, rpms: RpmMaker, tag: str, hub: Any) -> dict[str, Any]:
    """A COMPLETE build of a package that ``tag`` lists."""
    made = rpms.make()
    builder.admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    return builder.imported(made.srpm, made.rpm)


def test_tag_build(builder: Builder, tag: str, build: dict[str, Any]) -> None:
    assert builder.session.host.tagBuild(builder.open_task(), tag, build["id"]) is None
    assert [tagged["nvr"] for tagged in builder.session.listTagged(tag)] == [build["nvr"]]
    rpms, builds = builder.session.listTaggedRPMS(tag, arch=ARCH, latest=True, inherit=True, rpmsigs=True)
    assert [(rpm["name"], rpm["sigkey"]) for rpm in rpms] == [(build["name"], "")]
    assert [tagged["id"] for tagged in builds] == [build["id"]]


def test_tag_a_package_that_is_not_listed(builder: Builder, admin: Any, build: dict[str, Any]) -> None:
    other = make_tag(admin)
    with refused(TAG, f"Package {build['name']} not in list for {other}"):
        builder.session.host.tagBuild(builder.open_task(), other, build["id"])


def test_tag_a_blocked_package(builder: Builder, tag: str, build: dict[str, Any]) -> None:
    builder.admin.packageListBlock(tag, build["name"])
    with refused(TAG, f"Package {build['name']} blocked in {tag}"):
        builder.session.host.tagBuild(builder.open_task(), tag, build["id"])


def test_tag_twice(builder: Builder, tag: str, build: dict[str, Any]) -> None:
    builder.session.host.tagBuild(builder.open_task(), tag, build["id"])
    with refused(TAG, rf"build {build['nvr']} already tagged \({tag}\)"):
        builder.session.host.tagBuild(builder.open_task(), tag, build["id"])


def test_tag_for_a_task_of_another_host(
    builder: Builder, other_builder: Builder, tag: str, build: dict[str, Any]
) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        builder.session.host.tagBuild(other_builder.open_task(), tag, build["id"])


def test_tag_a_build_that_is_not_complete(builder: Builder, tag: str, rpms: RpmMaker) -> None:
    made = rpms.make()
    builder.admin.packageListAdd(tag, made.srpm.name, owner=builder.admin.getLoggedInUser()["name"])
    _, build = builder.start_build(made.srpm)
    with refused(TAG, rf"build {made.srpm.name}-1-1 not complete: state BUILDING"):
        builder.session.host.tagBuild(builder.open_task(), tag, build)


def test_tag_notification(builder: Builder, tag: str, build: dict[str, Any]) -> None:
    target = builder.session.getTag(tag)["id"]
    owner = builder.admin.getLoggedInUser()["id"]
    reply = builder.session.host.tagNotification(True, target, None, build["id"], owner, True, "")
    assert reply is None or isinstance(reply, int)


def test_get_tag(builder: Builder, tag: str) -> None:
    info = builder.session.getTag(tag, strict=True)
    assert (info["name"], info["arches"], info["locked"], info["perm"], info["extra"]) == (
        tag,
        ARCH,
        False,
        None,
        {},
    )
    assert builder.session.getTag(info["id"]) == info


def test_get_a_tag_that_does_not_exist(builder: Builder) -> None:
    assert builder.session.getTag("nope") is None
    with refused(GENERIC, "No such tagInfo: 'nope'"):
        builder.session.getTag("nope", strict=True)


def test_build_config_inherits(builder: Builder, admin: Any, tag: str) -> None:
    admin.editTag2(tag, extra={"mock.new_chroot": 0, "rpm.macro.vendor": "parents"})
    child = unique("child")
    admin.createTag(child, tag, extra={"rpm.macro.vendor": "childs"})
    config = builder.session.getBuildConfig(child)
    assert config["name"] == child
    assert config["extra"] == {"mock.new_chroot": 0, "rpm.macro.vendor": "childs"}
    assert config["config_inheritance"]["extra"]["mock.new_chroot"]["name"] == tag


def test_build_config_at_an_event(builder: Builder, admin: Any, tag: str) -> None:
    before = builder.session.getLastEvent()["id"]
    admin.editTag2(tag, extra={"rpm.macro.x": "y"})
    then = builder.session.getBuildConfig(tag, event=before)
    assert (then["extra"], then["query_event"]) == ({}, before)
    assert builder.session.getBuildConfig(tag)["extra"] == {"rpm.macro.x": "y"}


def test_target(builder: Builder, admin: Any, tag: str) -> None:
    name, destination = unique("target"), make_tag(admin)
    admin.createBuildTarget(name, tag, destination)
    info = builder.session.getBuildTarget(name)
    assert (info["name"], info["build_tag_name"], info["dest_tag_name"]) == (name, tag, destination)
    assert set(info) == {"id", "name", "build_tag", "build_tag_name", "dest_tag", "dest_tag_name"}
    assert builder.session.getBuildTarget("nope") is None
    with refused(GENERIC, "No such build target: nope"):
        builder.session.getBuildTarget("nope", strict=True)


def test_package_config(builder: Builder, tag: str, hub: Any) -> None:
    package = unique("pkg")
    assert builder.session.getPackageConfig(tag, package) is None
    builder.admin.packageListAdd(tag, package, owner=hub.admin.name, extra_arches="i686")
    config = builder.session.getPackageConfig(tag, package)
    assert (config["blocked"], config["extra_arches"], config["owner_name"]) == (
        False,
        "i686",
        hub.admin.name,
    )
    assert config["owner_id"] == builder.admin.getLoggedInUser()["id"]


def test_change_events_of_a_tag(builder: Builder, admin: Any, tag: str) -> None:
    created = builder.session.tagLastChangeEvent(tag)
    admin.editTag2(tag, extra={"rpm.macro.x": "y"})
    changed = builder.session.tagLastChangeEvent(tag)
    assert changed > created
    assert builder.session.tagLastChangeEvent(tag, before=changed) == created
    assert builder.session.tagFirstChangeEvent(tag, after=created) == changed
    assert builder.session.tagFirstChangeEvent(tag, after=changed) is None


def test_last_event(builder: Builder, admin: Any) -> None:
    before = builder.session.getLastEvent()
    make_tag(admin)
    after = builder.session.getLastEvent()
    assert set(after) == {"id", "ts"}
    assert after["id"] > before["id"]


def test_policy_for_builds_from_srpm(builder: Builder) -> None:
    data = {"user_id": builder.admin.getLoggedInUser()["id"], "source": "cli-build/x/y.src.rpm", "task_id": 1}
    assert builder.session.host.assertPolicy("build_from_srpm", data) is None


def test_policy_for_builds_from_a_given_repo(builder: Builder, user: Any) -> None:
    data = {"user_id": user.getLoggedInUser()["id"], "source": "git://x/y#z"}
    with refused(NOT_ALLOWED, r"policy violation \(build_from_repo_id\)"):
        builder.session.host.assertPolicy("build_from_repo_id", data)


def test_policy_for_builds_from_scm(builder: Builder) -> None:
    data = {"user_id": builder.admin.getLoggedInUser()["id"], "channel": "default", "scratch": False}
    scm = {"scm_type": "GIT", "scm_host": "host", "scm_repository": "/x", "scm_module": "", "branches": []}
    assert builder.session.evalPolicy("build_from_scm", data | scm).split()[0] == "allow"


def test_the_build_call_makes_a_task(builder: Builder, admin: Any, tag: str) -> None:
    """What ``koji build`` does; the task is taken away again at once."""
    target = unique("target")
    admin.createBuildTarget(target, tag, make_tag(admin))
    source = "git://host/x#0123456"
    task = admin.build(source, target, {"scratch": True})
    admin.cancelTask(task)
    info = admin.getTaskInfo(task, request=True)
    assert (info["method"], info["request"]) == ("build", [source, target, {"scratch": True}])
    assert (info["arch"], info["parent"]) == ("noarch", None)
