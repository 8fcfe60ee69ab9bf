from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import koji
import pytest
import requests
from koji.tasks import ServerExit, ServerRestart

from koji_adjutant.daemon import loop, stop_wish
from koji_adjutant.daemon.loop import Outcome
from koji_adjutant.daemon.worker import Worker

SLEEPTIME = 15.0


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGCHLD, signal.SIGALRM)
    }
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


class Steps:
    """A worker whose ``getNextTask`` does what the test says, one step a look at the hub."""

    def __init__(self, *steps: bool | BaseException | type[BaseException] | signal.Signals) -> None:
        self.steps = list(steps)
        self.calls: list[str | float] = []
        self.wakeup = self
        self.restart_pending = False
        self.waits_for_subtasks = False
        self.session = type("Session", (), {"opts": {}})()
        self.shutdown_fails: Exception | None = None

    def updateBuildroots(self) -> None:  # noqa: N802
        self.calls.append("buildroots")

    def updateTasks(self) -> None:  # noqa: N802
        self.calls.append("tasks")

    def getNextTask(self) -> bool:  # noqa: N802
        self.calls.append("next")
        step = self.steps.pop(0) if self.steps else SystemExit
        if isinstance(step, signal.Signals):
            os.kill(os.getpid(), step)
            return False
        if isinstance(step, bool):
            return step
        raise step

    def sleep(self, seconds: float) -> None:
        self.calls.append(seconds)

    def listen_to_signals(self) -> None:
        pass

    def shutdown(self) -> None:
        self.calls.append("shutdown")
        if self.shutdown_fails:
            raise self.shutdown_fails

    def run(self) -> Outcome:
        return loop.run(cast(Worker, self), SLEEPTIME)


def test_an_idle_worker_looks_once_a_sleeptime() -> None:
    steps = Steps(False, False)
    assert steps.run() is Outcome.STOPPED
    look = ["buildroots", "tasks", "next"]
    assert steps.calls == [*look, SLEEPTIME, *look, SLEEPTIME, *look]


def test_after_a_task_was_taken_it_looks_for_another_at_once() -> None:
    steps = Steps(True, False)
    steps.run()
    assert steps.calls[:6] == ["buildroots", "tasks", "next", "tasks", "next", SLEEPTIME]


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (SystemExit, Outcome.STOPPED),
        (KeyboardInterrupt, Outcome.STOPPED),
        (ServerExit, Outcome.STOPPED),
        (ServerRestart, Outcome.RESTART),
        (koji.AuthExpired("session expired"), Outcome.SESSION_LOST),
        (koji.AuthLockError("locked by another session"), Outcome.SESSION_LOST),
        (signal.SIGTERM, Outcome.STOPPED),
        (signal.SIGINT, Outcome.STOPPED),
    ],
)
def test_what_ends_it(end: Any, outcome: Outcome) -> None:
    assert Steps(False, end).run() is outcome


def test_a_retry_error_is_a_bug_and_no_reason_to_go_on() -> None:
    with pytest.raises(koji.RetryError):
        Steps(koji.RetryError("call retried")).run()


def test_trouble_of_the_hub_does_not_end_it() -> None:
    steps = Steps(requests.exceptions.ConnectionError("gone"), koji.GenericError("database is down"), False)
    assert steps.run() is Outcome.STOPPED
    assert steps.calls.count(SLEEPTIME) == 3


def test_sigusr1_asks_for_a_restart() -> None:
    steps = Steps(signal.SIGUSR1)
    steps.run()
    assert steps.restart_pending is True


def test_a_second_sigterm_is_not_caught() -> None:
    Steps(signal.SIGTERM).run()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize(
    "problem", [None, koji.AuthError("no session"), requests.exceptions.ConnectionError("gone")]
)
def test_shutdown_does_not_wait_for_a_hub_that_is_gone(problem: Exception | None) -> None:
    steps = Steps()
    steps.shutdown_fails = problem
    loop.shut_down(cast(Worker, steps))
    assert steps.calls == ["shutdown"]
    assert steps.session.opts == {"max_retries": 1, "retry_interval": 1, "offline_retry": False}


class Interrupted(Steps):
    """A worker that is asked to stop in the middle of a hub call."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self.call = call

    def updateTasks(self) -> None:  # noqa: N802
        super().updateTasks()
        os.kill(os.getpid(), signal.SIGTERM)
        self.call()
        self.calls.append("the call has ended")


def test_sigterm_waits_for_the_end_of_a_hub_call() -> None:
    """What a library does is not torn apart: a lock of its could stay taken."""
    steps = Interrupted(lambda: None)
    assert steps.run() is Outcome.STOPPED
    assert steps.calls == ["buildroots", "tasks", "the call has ended"]


def test_a_hub_that_hangs_is_not_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_wish, "PATIENCE", 0.05)
    steps = Interrupted(lambda: time.sleep(3600))
    assert steps.run() is Outcome.STOPPED
    assert steps.calls == ["buildroots", "tasks"]


def test_whatever_else_it_waits_for_is_left_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a lock that was taken when it was interrupted before."""
    monkeypatch.setattr(stop_wish, "PATIENCE", 0.05)
    lock = threading.Lock()

    def call() -> None:
        lock.acquire()
        try:
            time.sleep(3600)
        finally:
            lock.acquire()

    assert Interrupted(call).run() is Outcome.STOPPED


def test_afterwards_nothing_is_interrupted_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_wish, "PATIENCE", 0.05)
    Interrupted(lambda: None).run()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    time.sleep(0.1)
