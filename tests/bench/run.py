"""One benchmark, from nothing to results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import ContainerManager
from koji_adjutant.images.build import ensure_tool_image
from tests.bench import distributions, mass
from tests.bench.chroot import Chroot
from tests.bench.contender import Contender
from tests.bench.createrepo import TagOfManyPackages
from tests.bench.errors import BenchError
from tests.bench.meter import metered
from tests.bench.mock import VARIABLE, Mock
from tests.bench.packages import RECIPES, SMALL_C, SourcePackage, source_package
from tests.bench.parallel import build_at_once
from tests.bench.plan import Plan
from tests.bench.results import Results, Run
from tests.bench.stage import Stage
from tests.bench.stopwatch import Stopwatch
from tests.bench.worker import AllCached, BaseCached, Cold, Worker

Say = Callable[[str], None]


class Benchmark:
    """Measures into ``results``; ``state`` is the development state directory, ``mock`` a program or None."""

    def __init__(self, plan: Plan, state: Path, mock: Path | None, results: Results, say: Say) -> None:
        self._plan = plan
        self._state = state
        self._results = results
        self._say = say
        self._mock = mock
        if self._mock is None:
            results.notes.append(
                f"mock is not installed here, nor named by {VARIABLE}: what is compared with it is missing."
            )
        self._packages: dict[str, SourcePackage] = {}

    def run(self) -> None:
        """Everything of the plan."""
        with self._runs() as runs, open_engine(AdjutantOptions(state_dir=self._state / "state")) as engine:
            image, _made = ensure_tool_image(engine, self._state / "state", self._say)
            usual = distributions.usual(self._state, self._say)
            stage = Stage(self._state / "state", image.reference, runs, usual)
            self._make_source_packages(stage, engine)
            self._builds(stage, engine)
            if self._plan.large_turns:
                large = distributions.large(self._state, self._say)
                self._large(Stage(stage.state, stage.tool_image, runs, large), engine)
            if self._plan.mass_turns:
                many = distributions.mass(self._state, self._say)
                self._mass(Stage(stage.state, stage.tool_image, runs, many), engine)
            self._createrepo(stage)

    @contextmanager
    def _runs(self) -> Iterator[Path]:
        """Where runs leave what they make; removed when all is over, and what an earlier one left before."""
        runs = self._state / "bench-runs"
        remove_tree(runs)
        runs.mkdir(parents=True)
        free = shutil.disk_usage(runs).free
        if free < self._plan.disk:
            raise BenchError(
                f"{runs} needs room for {self._plan.disk / 1e9:.0f} GB, and has {free / 1e9:.0f}"
            )
        yield runs
        remove_tree(runs)

    def _make_source_packages(self, stage: Stage, engine: ContainerManager) -> None:
        self._say("making the source packages")
        for recipe in RECIPES:
            if recipe.name in {*self._plan.packages, *(name for name, _jobs, _rounds in self._plan.at_once)}:
                sources = self._state / "sources"
                self._packages[recipe.name] = source_package(stage, engine, recipe, sources)

    def _builds(self, stage: Stage, engine: ContainerManager) -> None:
        worker = Worker(stage, stage.directory("cache") / "all")
        chroot, cached = Chroot(worker), AllCached(worker)
        contenders: list[Contender] = [
            chroot,
            cached,
            BaseCached(stage),
            Cold(stage),
            *([Mock(stage, self._mock)] if self._mock else []),
        ]
        packages = [self._packages[name] for name in self._plan.packages]
        for turn in range(self._plan.turns):
            for package in packages:
                self._turn(stage, contenders, package, turn)
        self._note_size(stage, worker, engine)
        for name, jobs, rounds in self._plan.at_once:
            for turn in range(rounds):
                for contender in (chroot, cached) if turn % 2 else (cached, chroot):
                    found = build_at_once(stage, contender, self._packages[name], jobs)
                    self._say(f"{jobs} of {name} at once, {contender.name}: {found.seconds:.2f} s")
                    self._results.rounds.append(found)

    def _large(self, stage: Stage, engine: ContainerManager) -> None:
        """Starting is what differs on a large root: one small package, which needs nothing else, will do."""
        worker = Worker(stage, stage.directory("cache") / "large")
        contenders: list[Contender] = [
            AllCached(worker),
            Cold(stage),
            *([Mock(stage, self._mock)] if self._mock else []),
        ]
        for turn in range(self._plan.large_turns):
            self._turn(stage, contenders, self._packages[SMALL_C], turn)
        self._note_size(stage, worker, engine)

    def _mass(self, stage: Stage, engine: ContainerManager) -> None:
        packages = mass.source_packages(stage, engine)
        for turn in range(self._plan.mass_turns):
            for run in mass.measure(stage, self._mock, packages, turn):
                self._say(f"mass rebuild, turn {turn + 1}: {run.contender}: {sum(run.seconds):.2f} s")
                self._results.mass.append(run)

    def _turn(self, stage: Stage, contenders: Sequence[Contender], package: SourcePackage, turn: int) -> None:
        """Every contender once; who is first changes from turn to turn."""
        expected: tuple[str, ...] = ()
        for place in range(len(contenders)):
            contender = contenders[(place + turn) % len(contenders)]
            contender.prepare(package)
            with metered(stage.runs) as costs:
                build = contender.build(package)
            self._say(
                f"{stage.distribution.name}, turn {turn + 1}: {package.name}, {contender.name}: "
                f"{build.seconds:.2f} s"
            )
            expected = expected or build.packages
            if build.packages != expected:
                raise BenchError(
                    f"{contender.name} made other packages than those before it: {', '.join(build.packages)} "
                    f"instead of {', '.join(expected)}"
                )
            self._results.runs.append(
                Run(stage.distribution.name, package.name, contender.name, turn, build, costs)
            )

    def _note_size(self, stage: Stage, worker: Worker, engine: ContainerManager) -> None:
        """How large the root is that was built in."""
        watch = Stopwatch(engine)
        workspace = stage.workspace(watch, worker.cache, stage.directory("size"))
        with open_buildroot(workspace, stage.config) as root:
            root.capture(["true"])
            self._results.roots[stage.distribution.name] = {
                "packages": len(root.installed_packages()),
                "bytes": _bytes_in(watch.roots["build"]),
            }

    def _createrepo(self, stage: Stage) -> None:
        self._say(f"making a tag of {self._plan.repo_packages} packages")
        tag = TagOfManyPackages(stage, self._plan.repo_packages)
        for turn in range(self._plan.repo_turns):
            for run in tag.measure(turn):
                self._say(f"createrepo, turn {turn + 1}: {run.contender}: {run.seconds:.2f} s")
                self._results.repos.append(run)


def _bytes_in(directory: Path) -> int:
    """What the files of a tree hold, links counted once."""
    sizes: dict[tuple[int, int], int] = {}
    for parent, _names, files in os.walk(directory):
        for name in files:
            status = (Path(parent) / name).lstat()
            sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())
