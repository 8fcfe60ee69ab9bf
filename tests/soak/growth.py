"""Whether something grows while work is done, seen through all that comes and goes with each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median


@dataclass(frozen=True)
class Sample:
    """``value`` of something when ``done`` tasks were done."""

    done: int
    value: float


def slope(samples: Sequence[Sample]) -> float:
    """Return the growth with each task: the median of what every two samples say (Theil and Sen).

    It takes no notice of a few outliers, nor of how many tasks are under way just then.
    """
    rises = [
        (later.value - earlier.value) / (later.done - earlier.done)
        for earlier, later in combinations(samples, 2)
        if later.done > earlier.done
    ]
    return median(rises) if rises else 0.0


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples after the first quarter of the tasks, in which caches become warm."""
    first = max((sample.done for sample in samples), default=0) / 4
    return [sample for sample in samples if sample.done > first]


def growth(samples: Sequence[Sample]) -> float:
    """Return by how much it has grown from the first of these samples to the last, by their slope."""
    return slope(samples) * (samples[-1].done - samples[0].done) if samples else 0.0
