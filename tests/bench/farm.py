"""``python -m tests.bench.farm``: how long builds take from `koji build` to tagged, waiting included.

Against the hub that ADJUTANT_TEST_HUB and its companions name (tests/hub/conftest.py), or a devhub. Where a
stock builder listens to a channel of that hub, ADJUTANT_BENCH_STOCK_CHANNEL names it, and it gets the same
builds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.adjutant import AssignSubtasks
from koji_adjutant.container.engine import open_engine
from tests.bench.command import RESULTS, name_of_results, say
from tests.bench.machine import describe
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.faults.victims import Victims
from tests.hub import server
from tests.hub.farm import Farm, run_farm
from tests.hub.names import unique
from tests.hub.own_devhub import own_devhub
from tests.hub.packages import package
from tests.hub.server import Hub
from tests.soak.workers import Images, Worker, another_worker
from tests.support import tool_image
from tests.support.waiting import until

SCENARIOS = {"one": (1, 3), "burst": (8, 1), "mass": (20, 1)}
"""How many builds are begun together, and how often. ``mass`` is done by three workers."""
CAPACITY = 6.0
MAXJOBS = 10
COORDINATING = "build"
"""The method whose tasks only wait: what they take is not work."""


@dataclass(frozen=True)
class Measured:
    """``makespan``: seconds from the first build's making to the last one's end; ``working``: those of them
    in which some task below a build was open. Both by the hub's clock."""

    contender: str
    scenario: str
    sleeptime: int
    builds: int
    makespan: float
    working: float

    @property
    def waiting(self) -> float:
        """The share of the time in which nothing was done."""
        return 1 - self.working / self.makespan


@dataclass(frozen=True)
class Bench:
    """A farm at work, and to which channel its builds go (None: the default)."""

    farm: Farm
    contender: str
    sleeptime: int
    channel: str | None = None

    def run(self, scenario: str) -> Iterator[Measured]:
        builds, turns = SCENARIOS[scenario]
        for _ in range(turns):
            makespan, working = self._build(builds)
            measured = Measured(self.contender, scenario, self.sleeptime, builds, makespan, working)
            say(f"{measured.contender}, sleeptime {self.sleeptime}, {scenario}: {makespan:.1f} s")
            yield measured

    def warm_up(self, hosts: Sequence[str] = ()) -> None:
        """Have in the caches what a worker has after its first build; of several ``hosts`` each one alone."""
        for host in hosts:
            for other in hosts:
                (self.farm.admin.enableHost if other == host else self.farm.admin.disableHost)(other)
            self._build(1)
        for host in hosts:
            self.farm.admin.enableHost(host)
        if not hosts:
            self._build(1)

    def _build(self, number: int) -> tuple[float, float]:
        names = [unique("timed") for _ in range(number)]
        urls = [self.farm.publish(name, package(name)) for name in names]
        tasks = [self.farm.admin.build(url, self.farm.target, {}, channel=self.channel) for url in urls]
        # seldom: this machine has other things to do
        until(lambda: all(map(self.farm.is_finished, tasks)), "all builds end", patience=3600, pause=1.0)
        for task in tasks:
            self.farm.closed(task)
        rows = [self.farm.admin.getTaskInfo(task) for task in tasks]
        begun = min(row["create_ts"] for row in rows)
        return max(row["completion_ts"] for row in rows) - begun, _covered(self._open_times(tasks))

    def _open_times(self, tasks: Sequence[int]) -> list[tuple[float, float]]:
        below = [
            child
            for task in tasks
            for children in self.farm.admin.getTaskDescendents(task).values()
            for child in children
        ]
        rows = [self.farm.admin.getTaskInfo(child["id"]) for child in below]
        return [(row["start_ts"], row["completion_ts"]) for row in rows if row["method"] != COORDINATING]


def _covered(intervals: Sequence[tuple[float, float]]) -> float:
    total, end = 0.0, 0.0
    for since, until_ in sorted(intervals):
        total += max(0.0, until_ - max(since, end))
        end = max(end, until_)
    return total


@contextmanager
def workers(place: Path, number: int, sleeptime: int, assign: str) -> Iterator[Farm]:
    """Run so many workers on a hub, each with a state directory of its own if they are several."""
    place.mkdir()
    state = default_output().parent / "state"
    with ExitStack() as stack:
        hub = _hub(stack, place)
        admin = hub.connect(hub.admin)
        stack.callback(admin.logout)
        logins = (hub.worker, hub.builder, hub.other_builder)
        for login in logins:
            admin.editHost(login.name, capacity=CAPACITY)
            admin.disableHost(login.name)
        for login in logins[:number]:
            admin.enableHost(login.name)
        engine = stack.enter_context(open_engine(AdjutantOptions(state_dir=state)))
        image = tool_image.provide(engine, state)
        distribution = build_distribution(default_output())
        options: dict[str, Any] = {
            "sleeptime": sleeptime,
            "maxjobs": MAXJOBS,
            "settings": f"assign_subtasks = {assign}",
            "ends_itself": number > 1,
        }
        (place / "farm").mkdir()
        farm = stack.enter_context(
            run_farm(hub, admin, place / "farm", engine, state, image, distribution, **options)
        )
        if number > 1:
            images = Images(state, image, place / "image.tar")
            first = Worker(place / "first", farm, Victims(farm))
            stack.callback(first.victims.stop)
            for login in logins[1:number]:
                stack.enter_context(another_worker(first, login, images))
        yield farm


def _hub(stack: ExitStack, place: Path) -> Hub:
    if "ADJUTANT_TEST_HUB" in os.environ:
        return server.from_environment(os.environ)
    (place / "hub").mkdir()
    return stack.enter_context(own_devhub(place / "hub"))


def measure(
    place: Path, scenarios: Sequence[str], sleeptimes: Sequence[int], ways: Sequence[str]
) -> Iterator[Measured]:
    """Measure our worker with each of these ``assign_subtasks``, and a stock builder where there is one."""
    channel = os.environ.get("ADJUTANT_BENCH_STOCK_CHANNEL")
    for sleeptime in sleeptimes:
        for assign in ways:
            name = f"{assign}-{sleeptime}"
            if alone := [each for each in scenarios if each != "mass"]:
                with workers(place / name, 1, sleeptime, assign) as farm:
                    bench = Bench(farm, f"assign_subtasks = {assign}", sleeptime)
                    bench.warm_up()
                    for scenario in alone:
                        yield from bench.run(scenario)
                    if channel and assign == ways[-1]:
                        stock = replace(bench, contender="stock kojid", channel=channel)
                        stock.warm_up()
                        for scenario in alone:
                            yield from stock.run(scenario)
            if "mass" in scenarios:
                with workers(place / f"mass-{name}", 3, sleeptime, assign) as farm:
                    bench = Bench(farm, f"assign_subtasks = {assign}", sleeptime)
                    hub = farm.hub
                    bench.warm_up([login.name for login in (hub.worker, hub.builder, hub.other_builder)])
                    yield from bench.run("mass")


def table(found: Sequence[Measured]) -> str:
    """Write medians, as Markdown."""
    lines = [
        "| builds | sleeptime | builder | until all are tagged | waiting | builds an hour |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for scenario, (builds, _) in SCENARIOS.items():
        for sleeptime in sorted({each.sleeptime for each in found}):
            same = [each for each in found if (each.scenario, each.sleeptime) == (scenario, sleeptime)]
            for contender in dict.fromkeys(each.contender for each in same):
                runs = [each for each in same if each.contender == contender]
                makespan = statistics.median(each.makespan for each in runs)
                waiting = statistics.median(each.waiting for each in runs)
                figures = f"{makespan:.1f} s | {waiting:.0%} | {builds * 3600 / makespan:.0f}"
                lines.append(f"| {builds} | {sleeptime} s | {contender} | {figures} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.farm", description=__doc__)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument(
        "--sleeptime", nargs="+", type=int, default=[3, 15], help="kojid's option, in seconds"
    )
    parser.add_argument("--assign", nargs="+", choices=get_args(AssignSubtasks), default=["own", "none"])
    parser.add_argument("--run-interval", type=float, help="the hub's RunInterval, to be written down")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR")
    arguments = parser.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-farm-", dir="/var/tmp") as place:
        document: dict[str, Any] = {
            "started": time.strftime("%Y-%m-%d %H:%M"),
            "machine": describe(Path(place), None),
            "hub": "a real one" if "ADJUTANT_TEST_HUB" in os.environ else "devhub, which has no RunInterval",
            "run_interval": arguments.run_interval,
            "stock": "ADJUTANT_BENCH_STOCK_CHANNEL" in os.environ or "no stock builder was named",
        }
        found = list(measure(Path(place), arguments.scenarios, arguments.sleeptime, arguments.assign))
    kind = ["farm", *map(str, arguments.sleeptime), f"{arguments.run_interval or 0:g}"]
    path = arguments.results / f"{name_of_results(*kind)}.json"
    path.write_text(json.dumps({**document, "runs": [asdict(each) for each in found]}, indent=1) + "\n")
    hub = f"Hub: {document['hub']}; RunInterval {arguments.run_interval or 'not known'}."
    path.with_suffix(".md").write_text(f"# Builds from `koji build` to tagged\n\n{hub}\n\n{table(found)}")
    print(table(found))
    say(f"written: {path}, {path.with_suffix('.md')}")


if __name__ == "__main__":
    main()
