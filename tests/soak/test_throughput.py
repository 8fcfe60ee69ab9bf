"""How many builds a worker does, beside the same rpmbuilds run bare, as many at once: figures, no verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.faults.victims import Victims
from tests.hub.farm import Farm
from tests.hub.source_trees import source_tree
from tests.soak.bare import Bare
from tests.soak.costs import costs_of, in_containers, of_farm
from tests.soak.figures import number_from_environment
from tests.soak.load import ended_at, of_many_files, source, start_builds, until_all_closed
from tests.soak.place import place

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

ROUNDS = number_from_environment("SOAK_ROUNDS", 3)
AT_ONCE = 8
BUILDS = 2 * AT_ONCE
"""Of a round: enough for its beginning and its end, when fewer are under way, to count for little."""
PACKAGES = {"small": lambda: source_tree("greet"), "large": lambda: of_many_files(100)}
"""A library that takes a second, and a program whose build is a hundred calls of the compiler."""


@pytest.fixture
def directory() -> Iterator[Path]:
    with place("soak-bare") as directory:
        yield directory


@pytest.mark.parametrize("package", PACKAGES)
def test_beside_bare_rpmbuilds(
    farm: Farm, victims: Victims, package: str, directory: Path, show: Callable[..., None]
) -> None:
    made = source(farm, PACKAGES[package]())
    bare = Bare(farm, made, build_distribution(default_output()), directory)
    until_all_closed(farm, start_builds(farm, [made], 1))
    pids = of_farm(farm, victims)
    lines: list[str] = []
    rounds: list[tuple[float, float]] = []
    for _round in range(ROUNDS):
        with costs_of({}) as theirs:
            bare_seconds = bare.build(BUILDS, AT_ONCE)
        with costs_of(pids) as ours:
            started = time.time()
            tasks = start_builds(farm, [made], BUILDS)
            until_all_closed(farm, tasks)
            seconds = ended_at(farm, tasks) - started
        contained = in_containers(farm.state, tasks)
        rounds.append((bare_seconds / seconds, theirs.started / (contained + sum(ours.of.values()))))
        lines += [
            f"bare {bare_seconds:6.1f} s, {100 * theirs.idle:2.0f} % idle   "
            f"worker {seconds:6.1f} s, {100 * ours.idle:2.0f} % idle   throughput {rounds[-1][0]:.3f}",
            f"    processor seconds a build: bare {theirs.started / BUILDS:.2f}, in containers "
            f"{contained / BUILDS:.2f}, "
            + ", ".join(f"{name} {used / BUILDS:.2f}" for name, used in ours.of.items()),
        ]
    show(
        f"{BUILDS} builds a round, {AT_ONCE} at once; {os.cpu_count()} processors, "
        f"load {os.getloadavg()[0]:.0f}",
        *lines,
        f"by that of bare rpmbuilds, median of {ROUNDS}: throughput {median(one[0] for one in rounds):.3f}, "
        f"processor time {median(one[1] for one in rounds):.3f}",
    )
