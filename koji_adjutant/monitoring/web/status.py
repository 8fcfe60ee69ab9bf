"""How the worker is, in one word and with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from koji_adjutant.monitoring.records import Worker
from koji_adjutant.monitoring.web.sources import Disk

Word = Literal["healthy", "degraded", "draining", "offline"]
WORDS: tuple[Word, ...] = ("healthy", "degraded", "draining", "offline")

SILENCE = 60.0
"""Seconds without an answer from the hub that are nothing unusual."""
FULL_PERCENT = 97.0


@dataclass(frozen=True)
class Health:
    """``reasons`` is empty for a healthy worker only."""

    status: Word
    reasons: Sequence[str] = ()


def assess(worker: Worker | None, disks: Sequence[Disk], *, engine_answers: bool, now: float) -> Health:
    """The worst of what is known."""
    if worker is None:
        return Health("offline", ["no worker has ever written to this journal"])
    if worker.stopped_at is not None:
        return Health("offline", ["the worker was stopped"])
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
