"""Hundreds of builds, eight at once: nothing grows, nothing is lost, nothing is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.victims import Victims
from tests.hub.farm import Farm
from tests.soak.figures import number_from_environment
from tests.soak.load import small_packages, start_builds, until_all_closed
from tests.soak.results import assert_whole
from tests.soak.sampler import Sampler
from tests.support.nothing_left import Machine, assert_no_defunct_children

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

BUILDS = number_from_environment("SOAK_BUILDS", 200)


def test_many_builds(farm: Farm, victims: Victims, state_dir: Path, show: Callable[..., None]) -> None:
    sources = small_packages(farm)
    machine = Machine(farm.engine, victims.worker_id, state_dir, farm.directory / "work").now()
    worker, sampler = victims.worker(), Sampler(farm, victims)
    before = sampler.look(0)
    started = time.monotonic()
    tasks = start_builds(farm, sources, BUILDS)
    until_all_closed(farm, tasks, sampler.look)
    seconds = time.monotonic() - started
    machine.assert_nothing_left()
    assert_no_defunct_children(worker)
    sampler.until_merged()
    after = sampler.look(BUILDS)
    kept = sum(path.stat().st_size for path in (farm.directory / "task-logs").rglob("*") if path.is_file())
    show(
        f"{BUILDS} builds of {len(sources)} packages, eight at once: {seconds:.0f} s, "
        f"{len(sampler.samples['journal'])} looks; logs kept: {kept / BUILDS / 1024:.0f} KiB a build",
        *sampler.table(),
        f"idle before: {before}",
        f"idle after:  {after}",
    )
    assert victims.worker() == worker
    for task in tasks:
        assert_whole(farm, task)
    sampler.assert_no_growth()
