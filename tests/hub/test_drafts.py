"""Draft builds: several of one name, one of which is promoted to be the build."""

from __future__ import annotations

import os
import re
from typing import Any

import koji
import pytest

from tests.hub.builder import Builder, make_tag
from tests.hub.drafts import draft, init
from tests.hub.faults import refused
from tests.hub.rpms import RpmMaker, RpmSet


@pytest.fixture
def made(rpms: RpmMaker) -> RpmSet:
    return rpms.make()


def test_two_drafts_of_one_name(builder: Builder, admin: Any, made: RpmSet) -> None:
    builds = [draft(builder, made), draft(builder, made)]
    for build in builds:
        assert (build["draft"], build["release"]) == (True, f"1,draft_{build['id']}")
        assert build["nvr"] == f"{made.srpm.name}-1-1,draft_{build['id']}"
        found = admin.listBuildRPMs(build["nvr"])
        assert {(rpm["nvr"], rpm["draft"]) for rpm in found} == {(f"{made.srpm.name}-1-1", True)}
    nvra = f"{made.srpm.name}-1-1.x86_64"
    assert admin.getRPM(nvra)["build_id"] == builds[1]["id"]  # the newest
    package = admin.getPackageID(made.srpm.name)
    listed = {one["build_id"] for one in admin.listBuilds(packageID=package, draft=True)}
    assert listed == {build["id"] for build in builds}
    assert admin.listBuilds(packageID=package, draft=False) == []
    assert len(admin.listRPMs(buildID=builds[0]["id"], draft=True)) == 2
    assert admin.listRPMs(buildID=builds[0]["id"], draft=False) == []


def test_promotion(builder: Builder, admin: Any, made: RpmSet, hub: Any) -> None:
    build = draft(builder, made)
    promoted = admin.promoteBuild(build["nvr"])
    assert (promoted["id"], promoted["draft"], promoted["release"]) == (build["id"], False, "1")
    assert (promoted["promoter_name"], build["promoter_name"]) == (hub.admin.name, None)
    assert promoted["promotion_ts"] is not None
    assert {rpm["draft"] for rpm in admin.listBuildRPMs(build["id"])} == {False}
    if hub.topdir is not None:
        old, new = (
            hub.topdir / "packages" / made.srpm.name / "1" / one["release"] for one in (build, promoted)
        )
        assert new.is_dir()
        assert not os.path.lexists(old)
    with refused(1000, re.escape(f"Cannot promote build {promoted['nvr']}. Reason: Not a draft build")):
        admin.promoteBuild(build["id"])
    with refused(1000, re.escape(f"Target build already exists: {promoted['nvr']} (id={build['id']})")):
        init(builder, builder.open_task(), made)


def test_promotion_needs_a_free_name_and_a_complete_build(
    builder: Builder, admin: Any, made: RpmSet, user: Any
) -> None:
    first, second = draft(builder, made), draft(builder, made)
    task = builder.open_task()
    unfinished = admin.getBuild(init(builder, task, made))
    sentence = f"Cannot promote build {unfinished['nvr']}. Reason: state (BUILDING) is not COMPLETE."
    with refused(1000, re.escape(sentence)):
        admin.promoteBuild(unfinished["id"])
    builder.session.host.failBuild(task, unfinished["id"])
    with refused(
        1004, r"policy violation \(draft_promotion\): Only draft-promoter and build owner can do this"
    ):
        user.promoteBuild(first["id"])
    admin.promoteBuild(first["id"])
    sentence = f"Target build exists: {made.srpm.name}-1-1(#{first['id']})"
    with refused(1000, re.escape(f"Cannot promote build {second['nvr']}. Reason: {sentence}")):
        admin.promoteBuild(second["id"])


def test_drafts_in_a_tag(builder: Builder, admin: Any, made: RpmSet, hub: Any) -> None:
    build, tag = draft(builder, made), make_tag(admin)
    admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    admin.tagBuildBypass(tag, build["id"])
    assert [one["nvr"] for one in admin.listTagged(tag)] == [build["nvr"]]
    assert [one["nvr"] for one in admin.listTagged(tag, draft=True)] == [build["nvr"]]
    assert admin.listTagged(tag, draft=False) == []
    latest = {choice: admin.getLatestBuilds(tag, draft=choice) for choice in (None, True, False)}
    assert [[one["nvr"] for one in builds] for builds in latest.values()] == [[build["nvr"]]] * 2 + [[]]
    assert admin.getLatestRPMS(tag, draft=False) == [[], []]
    rpms, builds = admin.listTaggedRPMS(tag, draft=True)
    assert (len(rpms), [one["id"] for one in builds]) == (2, [build["id"]])
    assert koji.BUILD_STATES[builds[0]["state"]] == "COMPLETE"
