"""How long the worker sleeps: as kojid, or less while its tasks wait for subtasks that were just made."""

from __future__ import annotations

from koji_adjutant.daemon.pauses import Pauses


def test_an_idle_worker_sleeps_for_sleeptime() -> None:
    pauses = Pauses(15.0)
    pauses.woken()
    assert [pauses.next(waiting=False) for _ in range(3)] == [15.0, 15.0, 15.0]


def test_one_that_was_woken_and_waits_looks_again_soon_and_then_ever_later() -> None:
    pauses = Pauses(15.0)
    assert pauses.next(waiting=True) == 15.0
    pauses.woken()
    assert [pauses.next(waiting=True) for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    pauses.woken()
    assert pauses.next(waiting=True) == 1.0


def test_a_sleeptime_below_that_is_kept() -> None:
    pauses = Pauses(0.5)
    pauses.woken()
    assert [pauses.next(waiting=True) for _ in range(2)] == [0.5, 0.5]


def test_what_nobody_waits_for_any_more_is_forgotten() -> None:
    pauses = Pauses(15.0)
    pauses.woken()
    pauses.next(waiting=True)
    assert [pauses.next(waiting=waiting) for waiting in (False, True)] == [15.0, 15.0]
