"""Specs for the tests in this directory, and a directory that can be a root."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.container.interface import ContainerSpec, DirectoryRoot, ImageRoot, Owner
from koji_adjutant.container.podman_manager import PodmanManager

MakeSpec = Callable[..., ContainerSpec]
OWNER = Owner(task_id="local-test", worker_id="integration")


@pytest.fixture
def all_controllers(engine: PodmanManager) -> None:
    """For tests of limits that the kernel keeps."""
    missing = {"cpu", "memory", "pids"} - engine.check().controllers
    if missing:
        pytest.skip(f"this host's control groups have no controller for {', '.join(sorted(missing))}")


@pytest.fixture
def spec(tool_image: str) -> MakeSpec:
    """``spec(command, **fields)``: a spec over the tool image."""

    def make(command: Sequence[str], **fields: Any) -> ContainerSpec:
        given = {"root": ImageRoot(tool_image), "owner": OWNER, "role": "test", **fields}
        return ContainerSpec(command=command, **given)

    return make


@pytest.fixture(scope="module")
def directory_root(engine: PodmanManager, tool_image: str) -> Iterator[DirectoryRoot]:
    """A plain directory with a root file system in it: a mounted container of the tool image."""
    holder = ContainerSpec(ImageRoot(tool_image), ["true"], OWNER, "holder")
    with engine.container(holder) as container:
        command = [*engine._traits.command_line, "mount", container]
        yield DirectoryRoot(Path(subprocess.check_output(command, text=True).strip()))
