"""Small results with round figures."""

from __future__ import annotations

from collections.abc import Mapping

from tests.bench.contender import Build
from tests.bench.meter import Costs
from tests.bench.packages import SMALL_C
from tests.bench.parallel import Round
from tests.bench.phases import PHASES
from tests.bench.results import Results, Run

MACHINE = {
    "processors": 2,
    "processor": "abacus",
    "system": "Debian",
    "kernel": "6.1",
    "file_system": "ext4",
}


def build(
    seconds: float,
    *,
    ready: float | None = None,
    first_line: float | None = None,
    dependencies: float | None = None,
    phases: Mapping[str, float] | None = None,
) -> Build:
    every = {**dict.fromkeys(PHASES, 0.0), **(phases or {})}
    return Build(seconds, ready, first_line, dependencies, every, ("greet-1-1.x86_64.rpm",))


def add(results: Results, contender: str, *builds: Build, package: str = SMALL_C, root: str = "test") -> None:
    costs = Costs(written=3_000_000, memory=7_000_000, idle=0.5)
    results.runs += [Run(root, package, contender, turn, each, costs) for turn, each in enumerate(builds)]


def empty() -> Results:
    return Results("2026-01-02 03:04", quick=True, machine=MACHINE)


def small() -> Results:
    """Every contender three times, mock the last but once."""
    results = empty()
    results.roots["test"] = {"packages": 3, "bytes": 5_000_000}
    add(results, "chroot", *(build(0.5, phases={"rpmbuild": each}) for each in (0.4, 0.5, 9.0)))
    add(results, "cold", *(build(8.0, ready=each) for each in (4.0, 5.0, 6.0)))
    add(results, "base", *(build(2.0, ready=each) for each in (0.1, 0.2, 0.3)))
    add(
        results,
        "all",
        *(
            build(each, ready=0.2, first_line=0.7, phases={"srpm": 0.1, "rpmbuild": 0.51})
            for each in (1.0, 1.25, 3.0)
        ),
    )
    add(results, "mock", *(build(10.0, ready=each) for each in (5.0, 5.0)))
    costs = Costs(idle=0.25)
    results.rounds += [Round(1, 1.5, [build(1.0, dependencies=0.2)], costs)]
    results.rounds += [Round(8, 5.0, [build(4.0, dependencies=0.3)] * 8, costs)]
    return results
