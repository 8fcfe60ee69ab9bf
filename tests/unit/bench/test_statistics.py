"""p50 and p95."""

from __future__ import annotations

from tests.bench.statistics import p50, p95


def test_the_median() -> None:
    assert p50([3.0, 1.0, 2.0]) == 2.0
    assert p50([4.0, 1.0, 2.0, 3.0]) == 2.5


def test_of_a_few_values_p95_is_the_largest() -> None:
    assert p95([3.0, 1.0, 2.0]) == 3.0
    assert p95([1.0]) == 1.0


def test_of_many_values_p95_leaves_five_percent_above_it() -> None:
    assert p95([float(value) for value in range(1, 101)]) == 95.0
    assert p95([float(value) for value in range(1, 21)]) == 19.0
