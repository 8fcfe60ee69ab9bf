"""The process that makes roots ready: when it runs, and that it leaves the worker alone."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from koji_adjutant.daemon import side_process
from koji_adjutant.daemon.idle_work import IdleWork
from tests.support.waiting import for_ever


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(idle_work: IdleWork) -> bool:
    idle_work.tend(idle=True)
    return idle_work.owner is None


class Work:
    """What the process does, and tells in files."""

    def __init__(self, directory: Path) -> None:
        self.workdir = directory / "work"
        self.workdir.mkdir()
        self.started = directory / "started"
        self.cleaned = directory / "cleaned"

    def notes(self) -> None:
        """Says that it ran, whether it hears Ctrl-C, and whether it leads a group of its own."""
        heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        with self.started.open("a") as file:
            file.write(f"{heard} {os.getpid() == os.getpgrp()}\n")

    def lasts(self) -> None:
        try:
            self.started.touch()
            for_ever()
        finally:
            self.cleaned.touch()

    def is_deaf(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (self.workdir / f"idle-{os.getpid()}" / "deep").mkdir(parents=True)
        self.started.touch()
        for_ever()


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


@pytest.fixture
def handler(tmp_path: Path) -> Iterator[Path]:
    """The worker's handler of SIGTERM; each process that it runs in leaves a file of its name."""
    directory = tmp_path / "handled"
    directory.mkdir()

    def stop(*_: object) -> None:
        (directory / str(os.getpid())).touch()
        raise SystemExit

    before = signal.signal(signal.SIGTERM, stop)
    yield directory
    signal.signal(signal.SIGTERM, before)


def test_once_and_again_after_a_while(work: Work) -> None:
    idle_work = IdleWork(work.notes, work.workdir, sleeptime=1000)
    idle_work.tend(idle=False)
    assert idle_work.owner is None
    idle_work.tend(idle=True)
    until(lambda: ended(idle_work))
    assert work.started.read_text() == "False True\n"
    idle_work.tend(idle=True)
    assert idle_work.owner is None  # not so soon
    often = IdleWork(work.notes, work.workdir, sleeptime=0)

    def has_run_again() -> bool:
        often.tend(idle=True)
        return work.started.read_text().count("\n") >= 3

    until(has_run_again)
    often.stop()


def test_one_at_a_time_and_ended_with_the_worker(work: Work) -> None:
    idle_work = IdleWork(work.lasts, work.workdir, sleeptime=0)
    idle_work.tend(idle=True)
    until(work.started.exists)
    owner = idle_work.owner
    assert owner
    idle_work.tend(idle=True)
    assert idle_work.owner == owner
    idle_work.stop()
    assert idle_work.owner is None
    assert work.cleaned.exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(int(owner.removeprefix("idle-")), 0)
    idle_work.stop()


def test_it_yields_to_a_task_and_comes_again(work: Work) -> None:
    idle_work = IdleWork(work.lasts, work.workdir, sleeptime=0)
    idle_work.tend(idle=True)
    until(work.started.exists)
    work.started.unlink()

    def yielded() -> bool:
        idle_work.tend(idle=False)
        return idle_work.owner is None

    until(yielded)
    assert work.cleaned.exists()
    idle_work.tend(idle=True)
    until(work.started.exists)
    idle_work.stop()


def test_one_that_does_not_yield_is_killed_and_tidied_up_after(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_process, "STOP_SECONDS", 0)
    idle_work = IdleWork(work.is_deaf, work.workdir, sleeptime=0)
    idle_work.tend(idle=True)
    until(work.started.exists)
    (work.workdir / "tasks").mkdir()
    idle_work.stop()
    assert [path.name for path in work.workdir.iterdir()] == ["tasks"]


def test_what_goes_wrong_in_it_is_logged_and_does_not_matter(work: Work, tmp_path: Path) -> None:
    def fail() -> None:
        logging.getLogger("koji_adjutant").addHandler(logging.FileHandler(tmp_path / "log"))
        raise RuntimeError("a bug")

    idle_work = IdleWork(fail, work.workdir, sleeptime=1000)
    idle_work.tend(idle=True)
    until(lambda: ended(idle_work))
    assert "RuntimeError: a bug" in (tmp_path / "log").read_text()


def test_a_signal_right_after_the_fork_does_not_find_the_worker_s_handler(
    work: Work, handler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = os.fork

    def fork_and_stop_the_child() -> int:
        pid = fork()
        if not pid:
            try:
                signal.raise_signal(signal.SIGTERM)
            except SystemExit:
                os._exit(1)
        return pid

    monkeypatch.setattr(os, "fork", fork_and_stop_the_child)
    idle_work = IdleWork(work.lasts, work.workdir, sleeptime=1000)
    idle_work.tend(idle=True)
    until(lambda: ended(idle_work))
    assert list(handler.iterdir()) == []
    assert not work.started.exists()


def test_a_signal_in_its_last_moment_does_not_take_it_back_to_the_worker(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = os._exit

    def stopped_before_it_has_left(status: int) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit:
            (work.workdir / "unwound").touch()
        leave(status)

    monkeypatch.setattr(os, "_exit", stopped_before_it_has_left)
    idle_work = IdleWork(work.notes, work.workdir, sleeptime=1000)
    idle_work.tend(idle=True)
    until(lambda: ended(idle_work))
    assert work.started.exists()
    assert not (work.workdir / "unwound").exists()


def test_a_worker_that_is_stopped_right_after_the_fork_knows_its_child(
    work: Work, handler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = os.fork

    def fork_and_stop_the_worker() -> int:
        pid = fork()
        if pid:
            signal.raise_signal(signal.SIGTERM)
        return pid

    monkeypatch.setattr(os, "fork", fork_and_stop_the_worker)
    idle_work = IdleWork(work.lasts, work.workdir, sleeptime=1000)
    with pytest.raises(SystemExit):
        idle_work.tend(idle=True)
    assert [path.name for path in handler.iterdir()] == [str(os.getpid())]
    assert idle_work.owner
    idle_work.stop()
    assert idle_work.owner is None


def test_it_does_not_outlive_a_killed_worker(work: Work) -> None:
    middle = os.fork()
    if not middle:
        IdleWork(work.lasts, work.workdir, sleeptime=0).tend(idle=True)
        for_ever()
    until(work.started.exists)
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    until(work.cleaned.exists)
