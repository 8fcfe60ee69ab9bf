"""Tags: inheritance, groups, package lists, external repos, history."""

from __future__ import annotations

from typing import Any

import koji
import pytest


def _link(parent: int, priority: int, **more: Any) -> dict[str, Any]:
    plain = {"maxdepth": None, "intransitive": False, "noconfig": False, "pkg_filter": ""}
    return {"parent_id": parent, "priority": priority, **plain, **more}


@pytest.fixture
def family(admin: koji.ClientSession, request: pytest.FixtureRequest) -> dict[str, int]:
    """Tags top, left, right, base of the test: top inherits left (0) and right (10), both inherit base."""
    prefix = request.node.name.replace("[", "-").replace("]", "")
    ids = {name: admin.createTag(f"{prefix}-{name}") for name in ("top", "left", "right", "base")}
    admin.setInheritanceData(ids["left"], [_link(ids["base"], 0)])
    admin.setInheritanceData(ids["right"], [_link(ids["base"], 0)])
    admin.setInheritanceData(ids["top"], [_link(ids["left"], 0), _link(ids["right"], 10)])
    return ids


def _order(admin: koji.ClientSession, tag: int) -> list[int]:
    return [link["parent_id"] for link in admin.getFullInheritance(tag)]


def test_order_of_inheritance(admin: koji.ClientSession, family: dict[str, int], refused: Any) -> None:
    top, left, right, base = family.values()
    assert _order(admin, top) == [left, base, right]
    admin.setInheritanceData(top, [_link(left, 20), _link(right, 10)])
    assert _order(admin, top) == [right, base, left]
    with refused(1000, "cannot have the same priority value (10)"):
        admin.setInheritanceData(top, [_link(left, 10)])
    with refused(1000, "No value for priority"):
        admin.setInheritanceData(top, [{"parent_id": left}])
    admin.setInheritanceData(top, [{"parent_id": left, "delete link": True}])
    assert _order(admin, top) == [right, base]
    assert {link["tag_id"] for link in admin.getFullInheritance(base, reverse=True)} == {left, right, top}


def test_limits_of_inheritance(admin: koji.ClientSession, family: dict[str, int]) -> None:
    top, left, right, base = family.values()
    admin.setInheritanceData(top, [_link(left, 0, maxdepth=0), _link(right, 10)])
    assert _order(admin, top) == [left, right, base]
    admin.setInheritanceData(right, [_link(base, 0, intransitive=True)])
    assert _order(admin, top) == [left, right]
    assert _order(admin, right) == [base]
    admin.setInheritanceData(base, [_link(right, 0)])
    assert _order(admin, base) == [right]


def test_configuration_is_inherited(admin: koji.ClientSession, family: dict[str, int], refused: Any) -> None:
    top, left, _, base = family.values()
    admin.editTag2(base, extra={"a": 1, "b": {"c": [2]}, "d": None})
    admin.editTag2(left, extra={"a": "nearer"}, block_extra=["b"])
    event = admin.getLastEvent()["id"]
    config = admin.getBuildConfig(top)
    assert config["extra"] == {"a": "nearer", "d": None}
    assert config["config_inheritance"]["extra"]["a"]["id"] == left
    assert admin.getTag(left, blocked=True)["extra"]["b"] == [True, None]
    admin.editTag2(left, remove_extra=["a", "b"])
    assert admin.getBuildConfig(top)["extra"] == {"a": 1, "b": {"c": [2]}, "d": None}
    assert admin.getBuildConfig(top, event=event)["extra"] == {"a": "nearer", "d": None}
    with refused(1000, "doesn't have extra: nope"):
        admin.editTag2(left, remove_extra=["nope"])


def test_package_lists_are_inherited(admin: koji.ClientSession, family: dict[str, int], refused: Any) -> None:
    top, left, right, base = family.values()
    name = f"package-{top}"
    with refused(1000, "owner not specified"):
        admin.packageListAdd(base, name)
    admin.packageListAdd(base, name, "packager")
    assert admin.getPackageConfig(top, name)["tag_id"] == base
    assert admin.checkTagPackage(top, name)
    admin.packageListBlock(left, name)
    assert not admin.checkTagPackage(top, name)
    assert admin.checkTagPackage(right, name)
    with refused(1000, f"package {name} is blocked in tag"):
        admin.packageListAdd(top, name, block=False)
    admin.packageListUnblock(left, name)
    assert admin.checkTagPackage(top, name)
    admin.setInheritanceData(
        top, [_link(left, 0, pkg_filter="^other"), _link(right, 10, pkg_filter="^other")]
    )
    assert admin.getPackageConfig(top, name) is None
    admin.packageListSetOwner(base, name, "kojiadmin")
    listed = admin.listPackages(tagID=base)
    assert [(entry["package_name"], entry["owner_name"]) for entry in listed] == [(name, "kojiadmin")]


def test_package_lists_need_permission(packager: koji.ClientSession, refused: Any) -> None:
    with refused(1004, "policy violation (package_list): Only admin/tag can do this via default policy"):
        packager.packageListAdd("dist", "mine", "packager")
    with refused(1004, "tag permission required (logged in as packager)"):
        packager.createTag("mine")


def test_groups_are_inherited(admin: koji.ClientSession, family: dict[str, int], refused: Any) -> None:
    top, left, _, base = family.values()
    admin.groupListAdd(base, "build")
    for package in ("bash", "gcc"):
        admin.groupPackageListAdd(base, "build", package)
    admin.groupPackageListBlock(left, "build", "gcc")
    admin.groupPackageListAdd(top, "build", "make")
    group = admin.getTagGroups(top)[0]
    assert {entry["package"] for entry in group["packagelist"]} == {"bash", "make"}
    assert {entry["package"] for entry in admin.getTagGroups(base)[0]["packagelist"]} == {"bash", "gcc"}
    with refused(1000, "package gcc blocked in group build"):
        admin.groupPackageListAdd(top, "build", "gcc")
    admin.groupListAdd(base, "extras")
    admin.groupReqListAdd(base, "build", "extras")
    assert [entry["name"] for entry in admin.getTagGroups(base)[0]["grouplist"]] == ["extras"]
    admin.groupListBlock(left, "build")
    assert [entry["name"] for entry in admin.getTagGroups(top)] == ["extras"]
    with refused(1000, "group build is blocked in tag"):
        admin.groupPackageListAdd(top, "build", "sed")


def test_external_repos_are_inherited(
    admin: koji.ClientSession, family: dict[str, int], refused: Any
) -> None:
    top, left, right, base = family.values()
    names = [f"ext-{top}-{number}" for number in range(3)]
    for name in names:
        assert admin.createExternalRepo(name, "http://host/$arch")["url"] == "http://host/$arch/"
    admin.addExternalRepoToTag(base, names[0], 5)
    admin.addExternalRepoToTag(right, names[1], 5, merge_mode="bare", arches="x86_64")
    admin.addExternalRepoToTag(left, names[2], 9)
    found = admin.getExternalRepoList(top)
    assert [repo["external_repo_name"] for repo in found] == [names[2], names[0], names[1]]
    assert (found[2]["merge_mode"], found[2]["arches"], found[2]["url"]) == (
        "bare",
        "x86_64",
        "http://host/$arch/",
    )
    with refused(1000, "already associated with an external repo at priority 5"):
        admin.addExternalRepoToTag(base, names[1], 5)
    with refused(1000, "No such merge mode: x"):
        admin.addExternalRepoToTag(base, names[1], 6, merge_mode="x")
    before = admin.tagLastChangeEvent(top)
    admin.editExternalRepo(names[0], url="http://other/")
    assert admin.tagLastChangeEvent(top) > before
    assert admin.editTagExternalRepo(base, names[0], priority=7) is True
    admin.removeExternalRepoFromTag(base, names[0])
    with refused(1000, "not associated with tag"):
        admin.removeExternalRepoFromTag(base, names[0])


def test_history(admin: koji.ClientSession, refused: Any) -> None:
    tag_id = admin.createTag("history", arches="x86_64")
    created = admin.tagLastChangeEvent("history")
    admin.editTag2("history", arches="x86_64 ppc64le")
    assert admin.getTag("history", event=created)["arches"] == "x86_64"
    assert admin.getTag("history")["arches"] == "x86_64 ppc64le"
    assert admin.tagFirstChangeEvent("history", after=created) == admin.tagLastChangeEvent("history")
    assert admin.tagChangedSinceEvent(created, [tag_id]) is True
    admin.deleteTag("history")
    assert admin.getTag("history") is None
    with refused(1000, "No such tagInfo: 'history'"):
        admin.getTag("history", strict=True)
    assert admin.getTag("history", event="auto")["revoke_event"] == admin.tagLastChangeEvent("history")
    assert admin.createTag("history") == tag_id


def test_targets(admin: koji.ClientSession, refused: Any) -> None:
    admin.createBuildTarget("other-target", "dist-build", "dist")
    with refused(1000, "A build target with the name 'other-target' already exists"):
        admin.createBuildTarget("other-target", "dist-build", "dist")
    with refused(1000, "build tag 'nope' does not exist"):
        admin.createBuildTarget("nope", "nope", "dist")
    target = admin.getBuildTarget("other-target")
    assert (target["build_tag_name"], target["dest_tag_name"]) == ("dist-build", "dist")
    event = admin.getLastEvent()["id"]
    admin.deleteBuildTarget("other-target")
    assert admin.getBuildTarget("other-target") is None
    assert admin.getBuildTarget("other-target", event=event)["id"] == target["id"]
    with refused(1000, "No such build target: other-target"):
        admin.getBuildTarget("other-target", strict=True)
