"""Everything that a run has found out, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.bench.contender import Build
from tests.bench.createrepo import RepoRun
from tests.bench.mass import MassRun
from tests.bench.meter import Costs
from tests.bench.parallel import Round

SCHEMA = 1

Figure = Callable[[Build], float | None]


def phase_seconds(phase: str) -> Figure:
    """None for a phase that a build did not have."""
    return lambda build: build.phases[phase] or None


@dataclass(frozen=True)
class Run:
    """One measured build; ``root`` is the distribution's name, ``turn`` counts the repetitions from 0."""

    root: str
    package: str
    contender: str
    turn: int
    build: Build
    costs: Costs


@dataclass
class Results:
    """``roots`` says of each distribution's root how large it is; ``notes`` what a reader must know."""

    started: str
    quick: bool
    machine: Mapping[str, object]
    roots: dict[str, dict[str, int]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    mass: list[MassRun] = field(default_factory=list)
    repos: list[RepoRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def values(
        self, what: Figure, contender: str, package: str | None = None, root: str = "test"
    ) -> list[float]:
        """One figure of each build of a contender, of any package or one; empty where it was missing."""
        found = [
            what(run.build)
            for run in self.runs
            if (run.root, run.contender) == (root, contender) and package in (None, run.package)
        ]
        return [value for value in found if value is not None]

    def packages(self, root: str = "test") -> Sequence[str]:
        return list(dict.fromkeys(run.package for run in self.runs if run.root == root))


def save(directory: Path, name: str, results: Results, conclusions: Mapping[str, object]) -> Path:
    """Write ``<name>.json``, and the same as latest.json."""
    directory.mkdir(parents=True, exist_ok=True)
    document = {"schema": SCHEMA, **conclusions, **asdict(results)}
    text = json.dumps(document, indent=1) + "\n"
    path = directory / f"{name}.json"
    path.write_text(text)
    (directory / "latest.json").write_text(text)
    return path
