"""Several builds at once, each in a process of its own, as a kojid forks them."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from tests.bench.contender import Build, Contender, OneOfSeveral
from tests.bench.errors import BenchError
from tests.bench.meter import Costs, metered
from tests.bench.packages import SourcePackage
from tests.bench.stage import Stage

_PATIENCE = 600.0
"""Seconds within which everybody is ready to start."""


@dataclass(frozen=True)
class Round:
    """``jobs`` builds of a package that began together; ``seconds`` until the last was done."""

    package: str
    contender: str
    jobs: int
    seconds: float
    builds: Sequence[Build]
    costs: Costs


def build_at_once(stage: Stage, contender: OneOfSeveral, package: SourcePackage, jobs: int) -> Round:
    """Whatever the contender prepares, and all imports and connections, are made before the clock starts."""
    contender.prepare(package)
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(jobs + 1)
    processes = []
    answers = []
    for _number in range(jobs):
        answer, into = context.Pipe(duplex=False)
        one = contender.apart(package)
        process = context.Process(target=_build, args=(stage.state, one, package, start, into))
        process.start()
        into.close()
        processes.append(process)
        answers.append(answer)
    with metered(stage.runs) as costs:
        start.wait(_PATIENCE)
        started = time.monotonic()
        builds = [_received(answer) for answer in answers]
        seconds = time.monotonic() - started
    for process in processes:
        process.join()
    return Round(package.name, contender.name, jobs, seconds, builds, costs)


def _received(answer: Connection) -> Build:
    try:
        build: Build = answer.recv()
    except EOFError as error:
        raise BenchError("one of several builds at once failed; what it said is above") from error
    return build


def _build(
    state: Path,
    contender: Contender,
    package: SourcePackage,
    start: threading.Barrier,
    answer: Connection,
) -> None:
    """In the child."""
    # a share in the engine's service, which a worker's child inherits
    with open_engine(AdjutantOptions(state_dir=state)):
        start.wait(_PATIENCE)
        answer.send(contender.build(package))
