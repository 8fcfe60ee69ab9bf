"""How many builds a worker does, beside the same rpmbuilds run bare, as many at once: figures, no verdict."""

from __future__ import annotations

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
from tests.soak.costs import Costs, costs_of, in_containers, of_farm
from tests.soak.figures import number_from_environment
from tests.soak.load import ended_at, of_many_files, source, start_builds, until_all_closed
from tests.soak.place import place

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

ROUNDS = number_from_environment("SOAK_ROUNDS", 3)
AT_ONCE = 8
BUILDS = 3 * AT_ONCE
"""Of a round: enough for its beginning and its end, when fewer are under way, to count for little."""
PACKAGES = {"small": lambda: source_tree("greet"), "large": lambda: of_many_files(200)}
"""A library that takes a second, and a program whose build is two hundred calls of the compiler."""


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
    lines, ratios = [], []
    for _round in range(ROUNDS):
        with costs_of({}) as theirs:
            bare_seconds = bare.build(BUILDS, AT_ONCE)
        with costs_of(pids) as ours:
            started = time.time()
            tasks = start_builds(farm, [made], BUILDS)
            until_all_closed(farm, tasks)
            seconds = ended_at(farm, tasks) - started
        ratios.append(bare_seconds / seconds)
        lines += [
            f"bare {bare_seconds:6.1f} s ({_machine(theirs)})   worker {seconds:6.1f} s ({_machine(ours)})"
            f"   throughput {ratios[-1]:.3f}",
            "    processor seconds a build: in containers "
            f"{in_containers(farm.state, tasks) / BUILDS:.2f}, "
            + ", ".join(f"{name} {used / BUILDS:.2f}" for name, used in ours.of.items()),
        ]
    show(
        f"{BUILDS} builds a round, {AT_ONCE} at once; the machine's processor seconds a build in brackets",
        *lines,
        f"throughput by that of bare rpmbuilds, median of {ROUNDS}: {median(ratios):.3f}",
    )


def _machine(costs: Costs) -> str:
    return f"{costs.machine / BUILDS:.2f} s, {100 * costs.idle:.0f} % idle"
