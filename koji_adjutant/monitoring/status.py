"""How the worker is and what it did today: what command line, API, dashboard and metrics say alike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from koji_adjutant.monitoring import containers
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.disks import Disk
from koji_adjutant.monitoring.history import History, TaskFilter
from koji_adjutant.monitoring.records import RUNNING, Day, WorkerRecord

Word = Literal["healthy", "degraded", "draining", "offline"]
WORDS: tuple[Word, ...] = get_args(Word)

SILENCE = 60.0
"""Seconds without an answer from the hub that are nothing unusual."""
FULL_PERCENT = 97.0
"""Of a disk in use, from which on the worker is degraded."""


@dataclass(frozen=True)
class Health:
    """``reasons`` is empty for a healthy worker only."""

    status: Word
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class WorkerStatus:
    """One look. ``worker`` is None where none has ever run; ``hit_rates``: by kind of cache, from 0 to 1."""

    at: float
    worker: WorkerRecord | None
    health: Health
    tasks_running: int
    containers_running: int
    today: Day
    hit_rates: Mapping[str, float]
    disks: Sequence[Disk]


def worker_status(
    history: History,
    disks: Sequence[Disk],
    live: Mapping[str, LiveContainer] | None = None,
    *,
    engine_answers: bool = True,
    check_process: bool = False,
) -> WorkerStatus:
    """Put together what journal, disks and container engine say now.

    ``live`` is what the engine has, None where it did not answer or was not asked: then the journal's word
    is taken. ``check_process``: look for the worker's process, too, which may have been killed; the server
    that the worker started need not, since it ends with the worker.
    """
    now, worker = time.time(), history.worker()
    return WorkerStatus(
        at=now,
        worker=worker,
        health=_assess(worker, disks, now, engine_answers=engine_answers, check_process=check_process),
        tasks_running=history.count_tasks(TaskFilter(status=RUNNING)),
        containers_running=containers.running(history, live),
        today=history.day(midnight(now)),
        hit_rates=_hit_rates(history),
        disks=disks,
    )


def midnight(now: float) -> float:
    """Return when this day began, by this machine's clock."""
    return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def hit_rate(hits: float, misses: float) -> float | None:
    """Return from 0 to 1 how much of what was looked for was found; None if nothing was looked for."""
    return round(hits / (hits + misses), 4) if hits + misses else None


def _hit_rates(history: History) -> dict[str, float]:
    """Return the rates since the journal began."""
    uses = history.totals().get("cache_uses", {})
    rates = {
        kind: hit_rate(uses.get((kind, "hit"), 0), uses.get((kind, "miss"), 0))
        for kind in sorted({kind for kind, _ in uses})
    }
    return {kind: rate for kind, rate in rates.items() if rate is not None}


def _assess(
    worker: WorkerRecord | None,
    disks: Sequence[Disk],
    now: float,
    *,
    engine_answers: bool,
    check_process: bool,
) -> Health:
    """Return the worst of what is known."""
    if worker is None:
        return Health("offline", ["no worker has ever written to this journal"])
    if worker.stopped_at is not None:
        return Health("offline", ["the worker was stopped"])
    if check_process and worker.pid and not Path(f"/proc/{worker.pid}").exists():
        return Health("offline", ["the worker's process is gone: it was killed"])
    silent = now - (worker.seen_at or worker.started_at)
    if silent > max(SILENCE, 4 * (worker.look_again or 0)):
        return Health("offline", [f"the hub has not answered for {_minutes(silent)}"])
    problems = [worker.problem] if worker.problem else []
    if not engine_answers:
        problems.append("the container engine does not answer")
    problems += [
        f"{disk.path} is {disk.used_percent:.0f} % full" for disk in disks if disk.used_percent > FULL_PERCENT
    ]
    if worker.draining:
        return Health("draining", [worker.draining, *problems])
    return Health("degraded", problems) if problems else Health("healthy")


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
