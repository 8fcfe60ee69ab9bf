"""Tasks find out among themselves which of them gives way where a disk is nearly full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from koji_adjutant.task_adapters import disk_shares
from koji_adjutant.task_adapters.disk_shares import LEAVING_SECONDS, RECENT_SECONDS, DiskShares

GIB = 1 << 30
Task = Callable[[int], DiskShares]


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(disk_shares, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def task(tmp_path: Path, clock: Clock) -> Iterator[Task]:
    """A task that takes part; each is one process's, and locks tell them apart in one, too."""
    with ExitStack() as stack:

        def make(number: int) -> DiskShares:
            shares = DiskShares(tmp_path, number)
            stack.enter_context(shares.taking_part())
            return shares

        yield make


def test_one_that_is_alone_gives_way(task: Task) -> None:
    assert task(1).must_give_way(5 * GIB, GIB)


def test_whoever_is_not_to_blame_does_not(task: Task) -> None:
    assert not task(1).must_give_way(GIB - 1, GIB)


def test_whoever_uses_most_gives_way_whoever_asks_first(task: Task) -> None:
    small, large = task(1), task(2)
    assert not small.must_give_way(2 * GIB, GIB)  # the other has not said anything yet
    assert large.must_give_way(5 * GIB, GIB)
    assert not small.must_give_way(2 * GIB, GIB)


def test_the_first_waits_for_the_others_to_say_what_they_use(task: Task) -> None:
    large, small = task(1), task(2)
    assert not large.must_give_way(5 * GIB, GIB)
    assert not small.must_give_way(GIB, GIB)
    assert large.must_give_way(5 * GIB, GIB)


def test_whoever_says_nothing_is_not_waited_for_for_ever(task: Task, clock: Clock) -> None:
    asking, _silent = task(1), task(2)
    assert not asking.must_give_way(2 * GIB, GIB)
    clock.now += RECENT_SECONDS
    assert asking.must_give_way(2 * GIB, GIB)


def test_what_was_said_long_ago_does_not_count(task: Task, clock: Clock) -> None:
    asking, other = task(1), task(2)
    assert not other.must_give_way(9 * GIB, 10 * GIB)
    other.enough()
    clock.now += RECENT_SECONDS
    assert not asking.must_give_way(2 * GIB, GIB)
    assert not other.must_give_way(GIB, GIB)
    assert asking.must_give_way(2 * GIB, GIB)


def test_one_leaves_at_a_time_until_its_room_is_free(task: Task, clock: Clock) -> None:
    first, second = task(1), task(2)
    assert not second.must_give_way(4 * GIB, GIB)
    assert first.must_give_way(5 * GIB, GIB)
    assert not second.must_give_way(6 * GIB, GIB)
    clock.now += LEAVING_SECONDS
    assert second.must_give_way(6 * GIB, GIB)


def test_a_task_that_ends_while_there_is_no_room_has_still_to_delete(tmp_path: Path, task: Task) -> None:
    other = task(2)
    ending = DiskShares(tmp_path, 1)
    with ending.taking_part():
        assert not ending.must_give_way(2 * GIB, GIB)
    assert not other.must_give_way(4 * GIB, GIB)


def test_a_task_that_ended_is_not_waited_for(tmp_path: Path, task: Task) -> None:
    other = task(2)
    with DiskShares(tmp_path, 1).taking_part():
        pass
    assert other.must_give_way(4 * GIB, GIB)


def test_a_task_that_was_killed_is_not_waited_for(tmp_path: Path, task: Task) -> None:
    other = task(2)
    left = tmp_path / "disk" / "1"
    left.write_text(f"{9 * GIB} 1000.0 leaving")  # nobody holds its lock
    assert other.must_give_way(4 * GIB, GIB)
    assert not left.exists()


def test_what_is_said_takes_no_further_room(tmp_path: Path, task: Task) -> None:
    """The disk may have none."""
    shares, file = task(1), tmp_path / "disk" / "1"
    before = file.stat().st_size
    assert shares.must_give_way(9 * GIB, GIB)
    assert file.stat().st_size == before > len(file.read_text().rstrip())


def test_what_killed_tasks_left_goes_when_the_next_one_begins(tmp_path: Path, task: Task) -> None:
    alive = task(2)
    (tmp_path / "disk" / "1").write_text(f"{9 * GIB} 1000.0")
    task(3)
    assert {path.name for path in (tmp_path / "disk").glob("[0-9]*")} == {"2", "3"}
    assert not alive.must_give_way(GIB, GIB)  # 3 has not said anything yet
