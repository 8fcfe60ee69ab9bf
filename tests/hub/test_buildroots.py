"""Buildroots: making them, their states, and the strict listing of what is in them."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from tests.hub.builder import Builder, make_tag
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker, RpmSet

GENERIC = koji.GenericError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode
HASH = "ab" * 16
OTHER_HASH = "cd" * 16


@pytest.fixture(scope="module")
def external(admin: Any) -> dict[str, Any]:
    """An external repo, as ``createExternalRepo`` describes it."""
    name = unique("ext")
    return dict(admin.createExternalRepo(name, f"http://localhost/{name}/$arch"))


@pytest.fixture(scope="module")
def known(builder: Builder, rpms: RpmMaker) -> RpmSet:
    """A build that the hub has."""
    made = rpms.make()
    builder.imported(made.srpm, made.rpm)
    return made


@pytest.fixture
def root(builder: Builder, repo: int) -> int:
    """A buildroot in state INIT."""
    return builder.buildroot(repo)


def package(**changes: object) -> dict[str, Any]:
    """A listing entry for a package that the hub has never seen."""
    entry: dict[str, Any] = {
        "name": unique("probe"),
        "version": "1",
        "release": "1",
        "epoch": None,
        "arch": "x86_64",
    }
    return entry | {"payloadhash": HASH, "size": 10, "buildtime": 1} | changes


def listed(admin: Any, root: int) -> dict[str, dict[str, Any]]:
    return {rpm["name"]: rpm for rpm in admin.listRPMs(componentBuildrootID=root)}


def test_a_new_buildroot(builder: Builder, repo: int, hub: Any) -> None:
    task = builder.open_task()
    root = builder.buildroot(repo, task)
    info = builder.admin.getBuildroot(root)
    assert (info["state"], info["arch"], info["repo_id"], info["task_id"]) == (
        koji.BR_STATES["INIT"],
        "x86_64",
        repo,
        task,
    )
    assert (info["host_id"], info["host_name"]) == (builder.id, hub.builder.name)
    assert info["retire_ts"] is None
    assert (info["br_type"], info["container_type"], info["container_arch"]) == (0, "chroot", "x86_64")


def test_buildroots_of_a_host(builder: Builder, root: int) -> None:
    roots = {info["id"]: info for info in builder.session.listBuildroots(hostID=builder.id, state=[0, 1, 2])}
    assert set(roots[root]) >= {
        "id",
        "task_id",
        "tag_id",
        "tag_name",
        "arch",
        "repo_id",
        "repo_state",
        "state",
        "host_id",
        "create_ts",
    }
    builder.session.host.setBuildRootState(root, "EXPIRED")
    assert root not in {
        info["id"] for info in builder.session.listBuildroots(hostID=builder.id, state=[0, 1, 2])
    }
    assert [info["state"] for info in builder.session.listBuildroots(buildrootID=[root])] == [
        koji.BR_STATES["EXPIRED"]
    ]


def test_of_a_repo_that_does_not_exist(builder: Builder) -> None:
    with refused(ANY_ERROR):
        builder.buildroot(999_999_999)


def test_of_a_bad_arch(builder: Builder, repo: int) -> None:
    with refused(GENERIC, "Architecture can be only"):
        builder.session.host.newBuildRoot(repo, "x86 64;", task_id=builder.open_task())


def test_of_an_arch_that_neither_host_nor_tag_has(builder: Builder, repo: int) -> None:
    assert builder.session.host.newBuildRoot(repo, "ppc64le", task_id=builder.open_task())


def test_for_a_task_of_another_host(builder: Builder, other_builder: Builder, repo: int) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        builder.buildroot(repo, other_builder.open_task())


@pytest.mark.parametrize("call", ["setBuildRootList", "updateBuildRootList", "setBuildRootState"])
def test_a_buildroot_of_another_host(builder: Builder, other_builder: Builder, repo: int, call: str) -> None:
    root = other_builder.buildroot(repo)
    with refused(NOT_ALLOWED, rf"Host {builder.id} not owner of buildroot {root}"):
        getattr(builder.session.host, call)(root, "BUILDING" if call == "setBuildRootState" else [])


def test_a_buildroot_that_does_not_exist(builder: Builder) -> None:
    with refused(GENERIC, "no buildroot with ID: 999999999"):
        builder.session.host.setBuildRootList(999_999_999, [])


def test_for_another_task(builder: Builder, root: int) -> None:
    task = builder.open_task()
    with refused(NOT_ALLOWED, f"Task {task} does not have lock on buildroot {root}"):
        builder.session.host.setBuildRootList(root, [], task_id=task)


def test_states(builder: Builder, root: int) -> None:
    host = builder.session.host
    with refused(GENERIC, "Cannot change buildroot state to INIT"):
        host.setBuildRootState(root, "INIT")
    host.setBuildRootState(root, "BUILDING")
    host.setBuildRootState(root, koji.BR_STATES["EXPIRED"])
    host.setBuildRootState(root, "EXPIRED")
    with refused(GENERIC, f"buildroot {root} is EXPIRED"):
        host.setBuildRootState(root, "BUILDING")
    assert builder.admin.getBuildroot(root)["retire_ts"] is not None


def test_the_first_list_is_for_state_init(builder: Builder, root: int) -> None:
    with refused(GENERIC, f"buildroot {root} in wrong state 0"):
        builder.session.host.updateBuildRootList(root, [])
    builder.session.host.setBuildRootState(root, "BUILDING")
    with refused(GENERIC, f"buildroot {root} in wrong state 2"):
        builder.session.host.setBuildRootList(root, [])


def test_no_list_after_expiry(builder: Builder, root: int) -> None:
    builder.session.host.setBuildRootState(root, "EXPIRED")
    with refused(GENERIC, f"buildroot {root} in wrong state 3"):
        builder.session.host.updateBuildRootList(root, [])


def test_a_package_that_nobody_knows(builder: Builder, root: int) -> None:
    with refused(GENERIC, r"No such rpm: \{'name': 'probe-"):
        builder.session.host.setBuildRootList(root, [package()])


def test_one_unknown_package_refuses_the_whole_list(builder: Builder, root: int, known: RpmSet) -> None:
    with refused(GENERIC, "No such rpm"):
        builder.session.host.setBuildRootList(root, [known.rpm.listing(), package()])
    assert listed(builder.admin, root) == {}


def test_an_external_package(builder: Builder, root: int, external: dict[str, Any]) -> None:
    entry = package(location=external["id"], external_repo=external)
    builder.session.host.setBuildRootList(root, [entry])
    rpm = listed(builder.admin, root)[entry["name"]]
    assert (rpm["external_repo_id"], rpm["external_repo_name"]) == (external["id"], external["name"])
    assert (rpm["payloadhash"], rpm["size"], rpm["buildtime"], rpm["build_id"]) == (HASH, 10, 1, None)
    assert rpm["is_update"] is False


def test_an_external_package_by_the_name_of_its_repo(
    builder: Builder, root: int, external: dict[str, Any]
) -> None:
    entry = package(location=external["name"])
    builder.session.host.setBuildRootList(root, [entry])
    assert listed(builder.admin, root)[entry["name"]]["external_repo_id"] == external["id"]


def test_an_external_repo_that_does_not_exist(builder: Builder, root: int) -> None:
    with refused(GENERIC, "No such entry in table external_repo: 999999999"):
        builder.session.host.setBuildRootList(root, [package(location=999_999_999)])


@pytest.mark.parametrize(
    "missing", ["name", "version", "release", "epoch", "arch", "payloadhash", "size", "buildtime"]
)
def test_an_external_package_needs_every_field(
    builder: Builder, root: int, external: dict[str, Any], missing: str
) -> None:
    entry = package(location=external["id"])
    del entry[missing]
    with refused(GENERIC, f"{missing} field missing: "):
        builder.session.host.setBuildRootList(root, [entry])


@pytest.mark.parametrize(
    ("field", "value"), [("size", "10"), ("epoch", "0"), ("buildtime", None), ("payloadhash", 1)]
)
def test_the_types_of_an_external_package(
    builder: Builder, root: int, external: dict[str, Any], field: str, value: object
) -> None:
    with refused(GENERIC, f"Invalid value for {field}: {value!r}"):
        builder.session.host.setBuildRootList(root, [package(location=external["id"], **{field: value})])


def test_an_external_package_with_another_hash(builder: Builder, root: int, external: dict[str, Any]) -> None:
    entry = package(location=external["id"])
    builder.session.host.setBuildRootList(root, [entry])
    builder.session.host.setBuildRootState(root, "BUILDING")
    which = f"{entry['name']}-1-1.x86_64@{external['name']}"
    with refused(GENERIC, rf"hash changed for external rpm: {which} \({HASH} -> {OTHER_HASH}\)"):
        builder.session.host.updateBuildRootList(root, [entry | {"payloadhash": OTHER_HASH}])


def test_the_same_package_twice_in_a_list(builder: Builder, root: int, external: dict[str, Any]) -> None:
    entry = package(location=external["id"])
    with refused(ANY_ERROR):
        builder.session.host.setBuildRootList(root, [entry, entry])


def test_an_external_package_without_its_location_later(
    builder: Builder, repo: int, external: dict[str, Any]
) -> None:
    entry = package()
    builder.session.host.setBuildRootList(builder.buildroot(repo), [entry | {"location": external["id"]}])
    second = builder.buildroot(repo)
    builder.session.host.setBuildRootList(second, [entry])
    assert listed(builder.admin, second)[entry["name"]]["external_repo_id"] == external["id"]


def test_an_internal_package(builder: Builder, root: int, known: RpmSet) -> None:
    builder.session.host.setBuildRootList(root, [known.rpm.listing()])
    rpm = listed(builder.admin, root)[known.rpm.name]
    assert (rpm["external_repo_id"], rpm["nvr"]) == (0, f"{known.rpm.name}-1-1")


def test_the_hash_of_an_internal_package_is_the_builders_business(
    builder: Builder, root: int, known: RpmSet
) -> None:
    builder.session.host.setBuildRootList(root, [known.rpm.listing(payloadhash=OTHER_HASH)])
    assert known.rpm.name in listed(builder.admin, root)


def test_an_internal_package_by_id(builder: Builder, root: int, known: RpmSet) -> None:
    rpm = builder.admin.getRPM(f"{known.rpm.name}-1-1.x86_64")
    builder.session.host.setBuildRootList(root, [package(id=rpm["id"])])
    assert set(listed(builder.admin, root)) == {known.rpm.name}


def test_an_internal_package_by_an_unknown_id(builder: Builder, root: int, known: RpmSet) -> None:
    with refused(GENERIC, "No such rpm: "):
        builder.session.host.setBuildRootList(root, [known.rpm.listing(id=999_999_999)])


def test_the_list_cannot_be_set_twice(builder: Builder, root: int, known: RpmSet) -> None:
    builder.session.host.setBuildRootList(root, [known.rpm.listing()])
    with refused(ANY_ERROR):
        builder.session.host.setBuildRootList(root, [known.rpm.listing()])


def test_updating_the_list(builder: Builder, root: int, known: RpmSet, external: dict[str, Any]) -> None:
    host, added = builder.session.host, package(location=external["id"])
    host.setBuildRootList(root, [known.rpm.listing()])
    host.setBuildRootState(root, "BUILDING")
    host.updateBuildRootList(root, [known.rpm.listing(), added])
    host.updateBuildRootList(root, [known.rpm.listing(), added])
    updates = {name: rpm["is_update"] for name, rpm in listed(builder.admin, root).items()}
    assert updates == {known.rpm.name: False, added["name"]: True}


def test_the_tag_of_a_buildroot(builder: Builder, admin: Any) -> None:
    tag = make_tag(admin)
    assert admin.getBuildroot(builder.buildroot(builder.ready_repo(tag)))["tag_name"] == tag
