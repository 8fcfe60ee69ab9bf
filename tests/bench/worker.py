"""Our worker's recipes, as the buildArch adapter calls them: with an empty cache, a base root, everything."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.builds.rpms import build_rpms
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from tests.bench import phases
from tests.bench.contender import Build, Contender
from tests.bench.packages import SourcePackage
from tests.bench.stage import Stage
from tests.bench.stopwatch import PhaseClock, Stopwatch


@dataclass(frozen=True)
class Worker:
    """Builds with whatever is in one cache. The engine's service must be running already, as in a kojid."""

    stage: Stage
    cache: Path

    def build(self, package: SourcePackage) -> Build:
        directory = self.stage.directory(package.name)
        started = time.monotonic()
        with open_engine(AdjutantOptions(state_dir=self.stage.state)) as engine:
            watch, clock = Stopwatch(engine), PhaseClock()
            watch.ensure_image_available(self.stage.tool_image, "if-not-present")
            workspace = self.stage.workspace(watch, self.cache, directory, clock)
            with open_buildroot(workspace, self.stage.config) as root:
                built = build_rpms(root, package.srpm, arch=package.arch)
                ended = time.monotonic()
        total = time.monotonic() - started
        first = phases.last_rpmbuild(watch.spans).first_output
        return Build(
            seconds=total,
            ready=phases.first_start(watch.spans).ended - started,
            first_line=first - started if first else None,
            phases=phases.of_worker(
                watch.spans,
                ended=ended,
                total=total,
                download=clock.seconds["downloading packages"],
            ),
            packages=tuple(path.name for path in built.rpms),
        )

    def compose_base(self) -> None:
        """Put the base root into the cache, and nothing else."""
        directory = self.stage.directory("base")
        with (
            open_engine(AdjutantOptions(state_dir=self.stage.state)) as engine,
            open_buildroot(self.stage.workspace(engine, self.cache, directory), self.stage.config),
        ):
            pass


class Cold:
    """A cache of its own for each build."""

    name = "cold"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cache = Path()

    def prepare(self, package: SourcePackage) -> None:
        self._cache = self._stage.directory(f"cache-{package.name}") / "cold"

    def build(self, package: SourcePackage) -> Build:
        return Worker(self._stage, self._cache).build(package)


class BaseCached:
    """A cache with the base root in it, with which the package has not been built; others may have been."""

    name = "base"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._worker: Worker | None = None
        self._built: set[str] = set()

    def prepare(self, package: SourcePackage) -> None:
        if self._worker is None or package.name in self._built:
            self._worker = Worker(self._stage, self._stage.directory("cache") / "base")
            self._worker.compose_base()
            self._built = set()

    def build(self, package: SourcePackage) -> Build:
        if self._worker is None:
            raise AssertionError("prepare comes first")
        self._built.add(package.name)
        return self._worker.build(package)


class AllCached:
    """One cache for all builds, with which each package has been built before."""

    name = "all"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._built: set[str] = set()

    def prepare(self, package: SourcePackage) -> None:
        if package.name not in self._built:
            self._worker.build(package)
            self._built.add(package.name)

    def apart(self, _package: SourcePackage) -> Contender:
        """As a worker's children: with the same cache."""
        return self

    def build(self, package: SourcePackage) -> Build:
        return self._worker.build(package)
