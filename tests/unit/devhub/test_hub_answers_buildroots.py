"""Buildroots: a real hub's answers, probed line by line."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from tests.unit.devhub.builder import Builder

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
