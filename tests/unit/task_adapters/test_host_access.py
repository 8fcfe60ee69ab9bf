"""What of its host a task's builds get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from koji.tasks import RefuseTask

from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_tag
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.host_access import build_devices, build_mounts
from koji_adjutant.task_adapters.host_access import with_host_access


@pytest.fixture
def config() -> BuildrootConfig:
    tag: dict[str, Any] = {"name": "f43-build", "extra": {}}
    return for_tag(tag, 1, "x86_64", "build", buildroot_id=1, options=TagOptions(), network=False)


def test_by_default_there_is_nothing(config: BuildrootConfig) -> None:
    assert with_host_access(config, AdjutantOptions(), "f43-build", str) == config


def test_what_is_for_the_task_s_tag_and_channel(config: BuildrootConfig, tmp_path: Path) -> None:
    options = AdjutantOptions(
        build_mounts=build_mounts(
            f"{tmp_path}:/a channel=secure-boot\n{tmp_path}:/b:ro tag=f43-*\n{tmp_path}:/c tag=f44-*"
        ),
        build_devices=build_devices("/dev/null channel=secure-boot\n/dev/zero channel=default"),
    )
    found = with_host_access(config, options, "f43-build", lambda: "secure-boot")
    assert [str(mount.target) for mount in found.build_mounts] == ["/a", "/b"]
    assert found.build_devices == (Path("/dev/null"),)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (
            "build_mounts",
            "builds for f43-build get /not/there (build_mounts), which is not there on this host",
        ),
        (
            "build_devices",
            "builds for f43-build get /dev/log (build_devices), which is no device on this host",
        ),
    ],
)
def test_another_builder_has_to_do_what_this_host_cannot(
    config: BuildrootConfig, what: str, sentence: str
) -> None:
    """/dev/log is no device, and often not there."""
    if what == "build_mounts":
        options = AdjutantOptions(build_mounts=build_mounts("/not/there:/mnt"))
    else:
        options = AdjutantOptions(build_devices=build_devices("/dev/log"))
    with pytest.raises(RefuseTask) as refused:
        with_host_access(config, options, "f43-build", str)
    assert str(refused.value) == sentence
