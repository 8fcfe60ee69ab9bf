"""A task's phases as bars, and a day's tasks as columns; lengths are per mille of the whole width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koji_adjutant.monitoring.durations import stage
from koji_adjutant.monitoring.records import Ended, Phase, Task

WIDTH = 1000
"""Of a task's whole time, in the units of a bar."""
HOURS = 24
NARROWEST = 3
"""What a moment's phase gets, or nobody sees it."""


@dataclass(frozen=True)
class Bar:
    """``stage``: the word that its colour goes by."""

    phase: Phase
    stage: str
    start: int
    length: int
    seconds: float
    state: str


def bars(task: Task, phases: Sequence[Phase], now: float) -> list[Bar]:
    """Place each phase in the task's time."""
    whole = max(task.seconds(now), 0.001)
    found = []
    for phase in phases:
        end = phase.finished_at if phase.finished_at is not None else now
        seconds = max(0.0, end - phase.started_at)
        start = max(0, min(WIDTH - NARROWEST, round(WIDTH * (phase.started_at - task.started_at) / whole)))
        length = max(NARROWEST, min(WIDTH - start, round(WIDTH * seconds / whole)))
        state = "running" if phase.ok is None else "ended" if phase.ok else "failed"
        found.append(Bar(phase, stage(phase.name), start, length, seconds, state))
    return found


@dataclass(frozen=True)
class Column:
    """An hour: how many tasks ended well, badly, otherwise; heights are per cent of the highest column."""

    hours_ago: int
    good: int
    bad: int
    other: int
    good_height: int
    bad_height: int
    other_height: int


def columns(ended: Sequence[Ended]) -> list[Column]:
    """Return the last hours, oldest first; ``ended`` are tasks by hour."""
    counts = [[0, 0, 0] for _ in range(HOURS)]
    for one in ended:
        if 0 <= one.number < HOURS:
            counts[one.number][{"closed": 0, "failed": 1}.get(one.status, 2)] += one.count
    highest = max(1, *(sum(count) for count in counts))
    return [
        Column(HOURS - 1 - hour, *count, *(round(100 * one / highest) for one in count))
        for hour, count in enumerate(counts)
    ]
