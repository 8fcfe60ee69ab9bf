"""That a container against the rules is found, whoever starts it: each is asked for here, and harmless."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from koji_adjutant.container.interface import (
    ContainerSpec,
    ImageRoot,
    Owner,
    ResourceLimits,
    VolumeMount,
)
from koji_adjutant.container.podman_manager import PodmanManager
from tests.support.inspection import Inspection

LIMITS = ResourceLimits(pids=64)

AGAINST: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "nothing": ({}, ""),
    "a network": ({"network": "host"}, "has the network host"),
    "a capability": (
        {"capabilities": frozenset({"CAP_CHOWN", "CAP_KILL"})},
        "has capabilities that it must not have: ['CAP_CHOWN', 'CAP_KILL']",
    ),
    "a directory of the host's": (
        {"mounts": [VolumeMount(Path("/usr/share/doc"), PurePosixPath("/mnt"))]},
        "may write to /usr/share/doc of the host, at /mnt",
    ),
    "any number of processes": ({"limits": ResourceLimits()}, "may have any number of processes"),
}


def spec(image: str, **more: Any) -> ContainerSpec:
    fields = {"limits": LIMITS, **more}
    return ContainerSpec(ImageRoot(image), ["true"], Owner("local-inspected", "tests"), "resolve", **fields)


@pytest.mark.parametrize("name", AGAINST)
def test_what_is_found(engine: PodmanManager, tool_image: str, inspected: Inspection, name: str) -> None:
    fields, finding = AGAINST[name]
    if name == "any number of processes" and "pids" not in engine.check().controllers:
        pytest.skip("this host's control groups have no controller for pids")
    before = inspected.inspected
    with engine.container(spec(tool_image, **fields)) as container:
        engine.start(container)
    assert inspected.inspected == before + 1
    found = inspected.news()
    assert len(found) == bool(finding)
    assert all(finding in line for line in found)


def test_what_a_fork_starts(engine: PodmanManager, tool_image: str, inspected: Inspection) -> None:
    child = os.fork()
    if child == 0:
        try:
            engine.run(spec(tool_image, network="host"), open(os.devnull, "wb"))  # noqa: PTH123, SIM115
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (found,) = inspected.news()
    assert "has the network host" in found
