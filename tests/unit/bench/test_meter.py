"""Reading the kernel's figures."""

from __future__ import annotations

import pytest

from tests.bench.meter import idle_share, processor_times

STAT = "cpu  100 10 50 800 40 5 5 0 60 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"


def test_waiting_for_the_disk_is_idle_and_guests_are_not_counted_twice() -> None:
    assert processor_times(STAT) == (840, 1010)


def test_the_idle_share_is_of_what_passed_between() -> None:
    assert idle_share((800, 1000), (850, 1200)) == pytest.approx(0.25)
    assert idle_share((800, 1000), (800, 1000)) == 1.0
