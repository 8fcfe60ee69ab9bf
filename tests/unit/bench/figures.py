"""Small results with round figures."""

from __future__ import annotations

from collections.abc import Mapping

from tests.bench.contender import Build
from tests.bench.mass import MassRun
from tests.bench.meter import Costs
from tests.bench.packages import HEAVY, LONG, SMALL_C
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
    phases: Mapping[str, float] | None = None,
) -> Build:
    every = {**dict.fromkeys(PHASES, 0.0), **(phases or {})}
    return Build(seconds, ready, first_line, every, ("greet-1-1.x86_64.rpm",))


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
    results.rounds += [
        Round(SMALL_C, "all", 1, 1.5, [build(1.0)], costs),
        Round(SMALL_C, "all", 8, 5.0, [build(4.0)] * 8, costs),
        Round(SMALL_C, "chroot", 8, 4.0, [build(3.5)] * 8, costs),
        Round(LONG, "all", 8, 404.0, [build(400.0)] * 8, costs),
        Round(LONG, "chroot", 8, 400.0, [build(400.0)] * 8, costs),
    ]
    results.mass += [
        MassRun("first", 0, [1.0, 2.0]),
        MassRun("second", 0, [1.0, 0.5]),
        MassRun("mock", 0, [10.0, 20.0]),
    ]
    return results


def with_heavy_package() -> Results:
    """The same, and the heavy package once."""
    results = small()
    for contender, seconds in {"all": 21.0, "chroot": 20.0, "mock": 27.0}.items():
        proper = {"rpmbuild": 20.0 if contender == "chroot" else 20.4}
        add(results, contender, build(seconds, phases=proper), package=HEAVY)
    return results
