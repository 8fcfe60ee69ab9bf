"""What builds of some tags get of the builder's host, and what all get of its configuration."""

from __future__ import annotations

import json
from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import COMPILE, package
from tests.support.waiting import until

pytestmark = pytest.mark.podman

LOOK = """\
echo macros: %{?host_macro} %{?lent_macro}
echo variable: $HOST_VARIABLE
cat /srv/lent/word || echo nothing is lent
ls -d /srv/nobodys /srv/missing || :
"""


def build_task(farm: Farm, tag: str) -> int:
    """A buildArch task in a root of that tag."""
    repo, _event = farm.closed(farm.worker_task("newRepo", tag))
    name = unique("lent")
    url = farm.publish(name, package(name, build=LOOK + COMPILE))
    srpm = farm.worker_task("buildSRPMFromSCM", url, farm.build_tag, {"repo_id": latest_repo(farm)})
    path = farm.closed(srpm)["srpm"]
    return farm.worker_task("buildArch", path, tag, ARCH, False, {"repo_id": repo})


def latest_repo(farm: Farm) -> int:
    return int(farm.admin.getRepo(farm.build_tag)["id"])


def new_tag(farm: Farm, prefix: str) -> str:
    tag = unique(prefix)
    farm.admin.createTag(tag, farm.build_tag, arches=ARCH)
    return tag


def buildroot(farm: Farm, task: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(farm.log(task, "buildroot.json"))["buildroot"]
    return found


def built(farm: Farm, prefix: str) -> tuple[list[str], dict[str, Any]]:
    """What a build for such a tag said, and what buildroot.json says of it."""
    task = build_task(farm, new_tag(farm, prefix))
    farm.closed(task)
    return farm.log(task, "build.log").splitlines(), buildroot(farm, task)


def test_what_is_lent_to_a_tag_in_a_channel(farm: Farm) -> None:
    said, told = built(farm, "lent")
    assert "macros: of the host from the builder" in said
    assert "variable: of the host, too" in said
    assert "lent by the host" in said
    assert "/srv/nobodys" not in said
    assert told["mounts"] == [f"{farm.directory}/lent:/srv/lent:ro"]
    assert told["devices"] == ["/dev/zero"]


def test_nothing_of_it_is_for_others(farm: Farm) -> None:
    said, told = built(farm, "others")
    assert "macros: of the host from the builder" in said
    assert "nothing is lent" in said
    assert (told["mounts"], told["devices"]) == ([], [])


def test_where_it_is_missing_another_builder_has_to_do_it(farm: Farm) -> None:
    task = build_task(farm, new_tag(farm, "missing"))
    until(
        lambda: "missing (build_mounts), which is not there on this host" in farm.log_tail(),
        "the worker refuses the task",
    )
    # the hub would assign it to this host again, the only one there is
    farm.admin.cancelTask(task)
    assert farm.finished(task) == "CANCELED"
    assert koji.TASK_STATES[farm.admin.getTaskInfo(task)["state"]] == "CANCELED"


def test_its_start_names_what_is_not_heeded(farm: Farm) -> None:
    log = (farm.directory / "kojid-file.log").read_text()
    assert f"{farm.directory}/site-defaults.cfg, line 3: hostname has no effect here" in log
