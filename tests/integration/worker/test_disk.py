"""Builds that fill the disk, with real containers: the one that writes is stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.errors import EngineError
from koji_adjutant.task_adapters.disk_shares import DiskShares
from koji_adjutant.task_adapters.disk_watch import DiskWatch
from tests.integration.buildroot.fixtures import config, new_workspace, repo, workspace

__all__ = ["config", "new_workspace", "repo", "workspace"]

MIB = 1 << 20
FILL = "head -c {}M /dev/zero > /var/tmp/big; while :; do sleep 1000; done"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one."""
    directory = tmp_path / "disk"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(directory)], check=True)
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@contextmanager
def watched(
    directory: Path, task: int, stop: Callable[[], None], *, limit: int | None = None
) -> Iterator[DiskWatch]:
    with DiskWatch(
        directory,
        limit=limit,
        reserve=150 * MIB,
        shares=DiskShares(directory.parent / "state", task),
        say=lambda _reason: None,
        stop=stop,
    ) as watch:
        yield watch


def fill(
    workspace: Workspace, config: BuildrootConfig, directory: Path, mebibytes: int, **options: int
) -> str:
    """A build that writes so much, and then waits for ever; why it was stopped."""
    manager, label = workspace.manager, {LABEL_PREFIX + "task_id": workspace.owner.task_id}

    def stop() -> None:
        for container in manager.list_containers(label):
            manager.kill(container.id)

    (directory / "work").mkdir(parents=True)
    with watched(directory, 1, stop, **options) as watch:
        there = replace(workspace, workdir=directory / "work", overlay_mounted=watch.overlay_mounted)
        with open_buildroot(there, config) as root, suppress(EngineError):
            log = workspace.resultdir / "build.log"
            assert root.run(["bash", "-c", FILL.format(mebibytes)], log=log) != 0
        assert watch.reason
        return watch.reason


def test_a_build_over_its_limit(workspace: Workspace, config: BuildrootConfig, disk: Path) -> None:
    reason = fill(workspace, config, disk / "1", 40, limit=30 * MIB)
    assert "more than disk_limit allows (30.0 MiB), and was stopped" in reason


def test_a_build_that_fills_the_disk_is_stopped_and_its_neighbour_is_not(
    workspace: Workspace, config: BuildrootConfig, disk: Path
) -> None:
    neighbour = disk / "2"
    neighbour.mkdir()
    (neighbour / "file").write_bytes(b"x" * (20 * MIB))
    stops: list[int] = []
    with watched(neighbour, 2, lambda: stops.append(1)) as other:
        reason = fill(workspace, config, disk / "1", 220)
        assert reason.startswith("the disk is nearly full (")
        assert other.reason is None
    assert stops == []
