"""Which arches a build is done for, and where: a tag with two, for one of which there is no builder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH, Builder
from tests.hub.client import Client
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.rpms import RpmMaker
from tests.support.waiting import until

pytestmark = pytest.mark.podman

OTHER = "i386"
NOARCH = {"tags": "BuildArch: noarch", "build": "cp hello.c hello"}


@pytest.fixture(scope="module")
def wide(farm: Farm) -> Iterator[Farm]:
    """The farm, with a target whose build tag has two arches."""
    tag, target = unique("wide"), unique("wide")
    farm.admin.createTag(tag, farm.build_tag, arches=f"{ARCH} {OTHER}")
    farm.admin.createBuildTarget(target, tag, farm.tag)
    wide = replace(farm, target=target, build_tag=tag)
    wait_for_repo(wide)
    yield wide
    farm.admin.deleteBuildTarget(target)


def source(farm: Farm, **how: str) -> str:
    name = unique("wide")
    return farm.git.publish(name, package(name, **how))


def arches(farm: Farm, task: int) -> dict[str, str]:
    """Label and arch of the buildArch tasks."""
    return {
        label: child["arch"] for label, child in farm.children(task).items() if child["method"] == "buildArch"
    }


def test_arches_that_the_user_or_the_package_leaves_out(wide: Farm) -> None:
    tasks = [
        wide.build(source(wide), scratch=True, arch_override=ARCH),
        wide.build(source(wide, tags=f"ExclusiveArch: {ARCH}"), scratch=True),
        wide.build(source(wide, tags=f"ExcludeArch: {OTHER}"), scratch=True),
    ]
    for task in tasks:
        assert wide.closed(task) is None
        assert arches(wide, task) == {ARCH: ARCH}


def test_arches_of_which_none_is_left(wide: Farm) -> None:
    error = wide.failure(wide.build(source(wide, tags="ExclusiveArch: s390x"), scratch=True))
    assert (error.faultCode, str(error).splitlines()[0]) == (
        koji.BuildError.faultCode,
        "No matching arches were found",
    )
    error = wide.failure(wide.build("git://x/y#z", arch_override=ARCH))
    assert str(error).splitlines()[0] == "arch_override is only allowed for scratch builds"


def test_where_noarch_packages_are_built(wide: Farm) -> None:
    """Anywhere, unless the tag's noarch_arches or the package say where."""
    anywhere = wide.build(source(wide, **NOARCH), scratch=True)
    exclusive = NOARCH | {"tags": f"BuildArch: noarch\nExclusiveArch: {ARCH} noarch"}
    somewhere = wide.build(source(wide, **exclusive), scratch=True)
    assert wide.closed(anywhere) is None
    assert arches(wide, anywhere) == {"noarch": "noarch"}
    assert wide.closed(somewhere) is None
    assert arches(wide, somewhere) == {"noarch": ARCH}
    wide.admin.editTag2(wide.build_tag, extra={"noarch_arches": ARCH})
    try:
        task = wide.build(source(wide, **NOARCH), scratch=True)
        assert wide.closed(task) is None
        assert arches(wide, task) == {"noarch": ARCH}
        (child,) = (one for label, one in wide.children(task).items() if label == "noarch")
        result = wide.admin.getTaskResult(child["id"])
        assert wide.admin.getBuildroot(result["brootid"])["arch"] == ARCH
    finally:
        wide.admin.editTag2(wide.build_tag, remove_extra=["noarch_arches"])


def test_rebuild_srpm(wide: Farm, rpms: RpmMaker, tmp_path: Any) -> None:
    """A tag may say that users' SRPMs are built as they are."""
    wide.admin.editTag2(wide.build_tag, extra={"rebuild_srpm": False})
    try:
        srpm = rpms.make().srpm
        client = Client(wide.hub, wide.hub.admin, tmp_path)
        options = ("--scratch", "--arch-override", ARCH, "--noprogress", "--wait")
        output = client("build", *options, wide.target, srpm.path)
    finally:
        wide.admin.editTag2(wide.build_tag, remove_extra=["rebuild_srpm"])
    assert "buildArch" in output
    assert "rebuildSRPM" not in output


def test_an_arch_that_fails(wide: Farm, builder: Builder) -> None:
    """With build_arch_can_fail the other arches go on, unless the user says fail_fast."""
    failing = source(wide, build="exit 1")
    patient = wide.build(failing, scratch=True)
    hasty = wide.build(failing, scratch=True, fail_fast=True)
    wide.failure(hasty)
    canceled = wide.children(hasty)[OTHER]["id"]
    state = koji.TASK_STATES["CANCELED"]
    until(lambda: wide.admin.getTaskInfo(canceled)["state"] == state, f"task {canceled} is canceled")

    failed, other = (
        until(lambda arch=arch: wide.children(patient).get(arch), f"task of {arch}")["id"]  # type: ignore[misc]
        for arch in (ARCH, OTHER)
    )
    assert builder.session.host.openTask(other)
    error = wide.failure(failed)
    until(lambda: not wide.admin.getTaskInfo(failed)["awaited"], f"task {patient} has seen the failure")
    builder.close(other, {"rpms": [], "srpms": [], "logs": [], "brootid": 1})
    assert str(wide.failure(patient)) == str(error)
    assert wide.admin.getTaskInfo(other)["state"] == koji.TASK_STATES["CLOSED"]
