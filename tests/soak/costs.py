"""Who uses the processors while a farm builds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from koji_adjutant.cli.history import worker_history
from tests.bench.meter import idle_share, processor_times
from tests.faults.victims import Victims
from tests.hub.farm import Farm
from tests.support import processes


@dataclass
class Costs:
    """Seconds of processors: of the whole ``machine``, of what we ``started`` ourselves, of processes by
    name.

    ``idle`` is a share of all the time of all processors.
    """

    machine: float = 0.0
    idle: float = 0.0
    started: float = 0.0
    of: dict[str, float] = field(default_factory=dict)


@contextmanager
def costs_of(pids: dict[str, int]) -> Iterator[Costs]:
    """Costs of what happens in the block, filled in at its end. A child counts with who waited for it."""
    costs, before, used, own = Costs(), _machine(), _used(pids), _of_children()
    yield costs
    costs.started = _of_children() - own
    after = _machine()
    idle, total = after[0] - before[0], after[1] - before[1]
    costs.idle = idle_share(before, after)
    costs.machine = (total - idle) / os.sysconf("SC_CLK_TCK")
    costs.of = {name: seconds - used[name] for name, seconds in _used(pids).items()}


def of_farm(farm: Farm, victims: Victims) -> dict[str, int]:
    """The processes that a build costs time in, its containers apart."""
    service = processes.oldest(victims.service())
    assert farm.hub.topdir is not None
    hub = processes.oldest(processes.naming(f"koji_adjutant.devhub\0{farm.hub.topdir.parent}"))
    return {"worker and tasks": victims.worker(), "podman": service, "hub": hub}


def in_containers(state_dir: Path, tasks: Sequence[int]) -> float:
    """Return the seconds of processors that these tasks' containers have used, as the journal has them."""
    with worker_history(state_dir) as history:
        rows = [history.task(task) for task in tasks]
    return sum((row.resources.cpu_seconds or 0.0) for row in rows if row is not None)


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _used(pids: dict[str, int]) -> dict[str, float]:
    return {name: processes.processor_seconds(pid) for name, pid in pids.items()}


def _machine() -> tuple[int, int]:
    return processor_times(Path("/proc/stat").read_text())
