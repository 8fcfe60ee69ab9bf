"""What a task writes is watched."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.errors import DiskLimitExceeded, DiskNearlyFull
from koji_adjutant.task_adapters import disk_watch
from koji_adjutant.task_adapters.disk_shares import DiskShares
from koji_adjutant.task_adapters.disk_watch import DiskWatch

MIB = 1 << 20


class Task:
    """A task's directory, and how often it was stopped."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.workdir = top / "work"
        self.workdir.mkdir()
        self.stops = 0
        self.said: list[str] = []
        self.stopped = threading.Event()

    def stop(self) -> None:
        self.stops += 1
        self.stopped.set()

    def watch(self, limit: int | None = None, reserve: int = 0) -> DiskWatch:
        shares = DiskShares(self.top / "state", 7)
        return DiskWatch(
            self.workdir,
            limit=limit,
            reserve=reserve,
            shares=shares,
            say=self.said.append,
            stop=self.stop,
        )


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


def write(directory: Path, mebibytes: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "file").write_bytes(b"x" * (mebibytes * MIB))


def test_within_the_limit(task: Task) -> None:
    write(task.workdir, 3)
    watch = task.watch(limit=8 * MIB)
    watch.look()
    assert (watch.reason, task.stops) == (None, 0)


def test_more_than_the_limit_is_stopped_as_often_as_it_begins_anew(task: Task) -> None:
    write(task.workdir, 3)
    watch = task.watch(limit=2 * MIB)
    watch.look()
    watch.look()
    assert watch.reason
    assert watch.reason.startswith("the task used 3.0 MiB of disk, more than disk_limit allows (2.0 MiB)")
    assert (task.said, task.stops, watch.failure) == ([watch.reason], 2, DiskLimitExceeded)


def test_overlays_elsewhere_count_and_those_in_the_workdir_count_once(task: Task, tmp_path: Path) -> None:
    inside, outside = task.workdir / "root-1", tmp_path / "staging" / "overlay"
    for scratch in (inside, outside):
        write(scratch / "upper", 2)
    watch = task.watch(limit=5 * MIB)
    watch.overlay_mounted(Overlay([], inside))
    watch.overlay_mounted(Overlay([], outside))
    watch.look()
    assert watch.reason is None
    write(outside / "upper", 4)
    watch._next_count = 0
    watch.look()
    assert watch.reason


def test_nothing_is_counted_where_there_is_no_limit_and_room(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_watch, "disk_use", lambda *_: pytest.fail("counted"))
    task.watch().look()


@pytest.mark.parametrize(("written", "stops"), [(5, 1), (1, 0)])
def test_a_disk_that_is_nearly_full(
    task: Task, monkeypatch: pytest.MonkeyPatch, written: int, stops: int
) -> None:
    """The task that used most is stopped, unless it used less than what is lacking."""
    monkeypatch.setattr(disk_watch, "free_space", lambda _directory: 6 * MIB)
    write(task.workdir, written)
    watch = task.watch(reserve=10 * MIB)
    with watch._shares.taking_part():
        watch.look()
    assert task.stops == stops
    if stops:
        assert watch.reason
        assert watch.failure is DiskNearlyFull
        assert "nearly full (6.0 MiB free at" in watch.reason
        assert "which used 5.0 MiB, used most and was stopped" in watch.reason


def test_the_thread_looks_until_the_block_ends(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_watch, "LOOK_SECONDS", 0.01)
    with task.watch(limit=2 * MIB) as watch:
        assert not task.stopped.is_set()
        write(task.workdir, 3)
        watch._next_count = 0
        assert task.stopped.wait(60)
    assert watch.reason
    assert list((task.top / "state" / "disk").glob("[0-9]*")) == []


def test_an_engine_that_does_not_answer_is_asked_again(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_watch, "LOOK_SECONDS", 0.01)
    write(task.workdir, 3)
    calls: list[int] = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no engine")
        task.stopped.set()

    task.stop = stop  # type: ignore[method-assign]
    with task.watch(limit=2 * MIB):
        assert task.stopped.wait(60)


def test_a_root_that_the_builder_has_copied_there_is_not_the_packagers(task: Task) -> None:
    write(task.workdir / "root", 6)
    watch = task.watch(limit=4 * MIB)
    watch.root_copied(6 * MIB)
    watch.look()
    assert watch.reason is None
    write(task.workdir / "home", 5)
    watch._next_count = 0.0
    watch.look()
    assert watch.reason is not None
    assert "the task used 5.0 MiB of disk" in watch.reason


def test_a_copy_that_failed_is_no_allowance(task: Task) -> None:
    write(task.workdir / "home", 5)
    watch = task.watch(limit=4 * MIB)
    watch.root_copied(6 * MIB)
    watch.root_copied(-6 * MIB)
    watch.look()
    assert watch.reason is not None
