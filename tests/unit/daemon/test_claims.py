"""Claims of tasks, held by processes that may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from koji_adjutant.daemon.claims import TaskClaims


def test_a_claim_is_seen_while_it_is_held(tmp_path: Path) -> None:
    claims = TaskClaims(tmp_path)
    assert not claims.held(7)
    with claims.hold(7):
        assert claims.held(7)
        assert claims.abandoned() == []
        assert not claims.held(8)
    assert not claims.held(7)
    assert claims.abandoned() == []


def killed_while_it_held(claims: TaskClaims, task_id: int) -> None:
    pid = os.fork()
    if not pid:
        with claims.hold(task_id):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def test_who_is_killed_leaves_an_abandoned_claim(tmp_path: Path) -> None:
    claims = TaskClaims(tmp_path)
    killed_while_it_held(claims, 7)
    assert not claims.held(7)
    assert claims.abandoned() == [7]
    tidied = []
    claims.clear(7, lambda: tidied.append(7))
    assert tidied == [7]
    assert claims.abandoned() == []
    claims.clear(7, lambda: tidied.append(7))
    assert tidied == [7]


def test_a_task_that_is_done_again_is_left_alone(tmp_path: Path) -> None:
    claims = TaskClaims(tmp_path)
    killed_while_it_held(claims, 7)
    with claims.hold(7):
        assert claims.abandoned() == []
        claims.clear(7, not_to_be_called)
        assert claims.held(7)


def not_to_be_called() -> None:
    raise AssertionError("a running task's things were touched")


def test_who_takes_the_task_meanwhile_waits_and_is_seen(tmp_path: Path) -> None:
    """The claim is removed while another process waits for it: it must not hold a file without a name."""
    claims = TaskClaims(tmp_path)
    killed_while_it_held(claims, 7)
    context = multiprocessing.get_context("fork")
    go, taken, enough = context.Event(), context.Event(), context.Event()

    def again() -> None:
        go.wait()
        with claims.hold(7):
            taken.set()
            enough.wait()

    process = context.Process(target=again)
    process.start()  # now: what is forked under a lock has its descriptor, too

    def tidy_up() -> None:
        go.set()
        assert not taken.wait(0.2)  # it waits for us

    claims.clear(7, tidy_up)
    assert taken.wait(30)
    assert claims.held(7)
    enough.set()
    process.join()
    assert not claims.held(7)
