"""The two figures that stand for a handful of measurements."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

p50 = statistics.median


def p95(values: Sequence[float]) -> float:
    """The smallest of the values that 95 % of them do not exceed: with fewer than twenty, the largest."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]
