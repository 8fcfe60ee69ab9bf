"""What was assigned past the scheduler, to a host that is gone: only the parent's next try can do it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import koji
import pytest
import requests

from koji_adjutant.daemon.lost_subtasks import SILENT, UNTAKEN, LostSubtasks
from tests.support.scripted_hub import ScriptedHub

HERE, THERE = 1, 2
PARENT = 5
LABELS = {"x86_64": 7, "x86_64 (2)": 8, "x86_64 (3)": 9}
NOW = 1000.0


def state(name: str) -> int:
    return int(koji.TASK_STATES[name])


def hub_with(silent: float = SILENT + 1, runs: object = (), **row: Any) -> ScriptedHub:
    """A hub that has the subtask 7 already, of a host that called last so long before this one."""
    there = {"id": 7, "state": state("OPEN"), "host_id": THERE, "create_ts": NOW - 10, **row}
    new = {"state": state("ASSIGNED"), "host_id": HERE}
    return ScriptedHub(
        getTaskChildren=[there],
        getTaskInfo=lambda task: there if task == 7 else {"id": task, **new},
        scheduler__getTaskRuns=lambda clauses: runs if clauses == [["task_id", "=", 7]] else (),
        getLastHostUpdate=lambda host, **_: NOW - silent * (host == THERE),
        host__subtask=lambda **options: LABELS[options["label"]],
    )


def never(_seconds: float) -> None:
    raise AssertionError("there is nothing to be waited for")


def made(hub: ScriptedHub, pause: Callable[[float], object] = never) -> int:
    lost = LostSubtasks(hub, HERE, pause)
    return lost.make(hub.host.subtask, parent=PARENT, label="x86_64", method="buildArch")


@pytest.mark.parametrize("name", ["OPEN", "ASSIGNED"])
def test_a_silent_hosts_subtask_is_made_under_another_label(name: str) -> None:
    assert made(hub_with(state=state(name))) == 8


def test_one_that_never_called_is_silent() -> None:
    hub = hub_with()
    hub.answers["getLastHostUpdate"] = lambda host, **_: None if host == THERE else NOW
    assert made(hub) == 8


def test_one_that_a_live_host_has_not_taken_for_long() -> None:
    """It may be disabled, or full."""
    assert made(hub_with(silent=1, state=state("ASSIGNED"), create_ts=NOW - UNTAKEN - 1)) == 8


def test_another_loss_is_another_label() -> None:
    hub = hub_with()
    silent = {"state": state("OPEN"), "host_id": THERE}
    hub.answers["getTaskInfo"] = lambda task: (
        silent if task in (7, 8) else {"state": state("ASSIGNED"), "host_id": HERE}
    )
    assert made(hub) == 9


def test_a_host_that_was_heard_of_is_waited_for_until_it_calls_again() -> None:
    hub = hub_with()
    calls = iter([NOW - 5, NOW - 5, NOW])
    hub.answers["getLastHostUpdate"] = lambda host, **_: next(calls) if host == THERE else NOW
    pauses: list[float] = []
    assert made(hub, pauses.append) == 7
    assert len(pauses) == 2


def test_one_that_died_a_moment_ago_is_found_out() -> None:
    hub = hub_with()
    clock = [NOW]
    hub.answers["getLastHostUpdate"] = lambda host, **_: NOW - 5 if host == THERE else clock[0]

    def pause(seconds: float) -> None:
        clock[0] += seconds

    assert made(hub, pause) == 8
    assert SILENT < clock[0] - (NOW - 5) <= SILENT + 10


@pytest.mark.parametrize(
    "hub",
    [
        hub_with(host_id=HERE),
        hub_with(host_id=None, state=state("FREE")),
        hub_with(state=state("CLOSED")),
        hub_with(runs=[{"host_id": THERE}]),
    ],
    ids=["ours", "free", "done", "assigned by the scheduler, which frees it"],
)
def test_any_other_is_the_one_that_is_waited_for(hub: ScriptedHub) -> None:
    assert made(hub) == 7


def test_a_task_that_is_begun_for_the_first_time_asks_for_nothing() -> None:
    hub = hub_with()
    hub.answers["getTaskChildren"] = []
    lost = LostSubtasks(hub, HERE, never)
    assert lost.make(hub.host.subtask, parent=PARENT, label="x86_64") == 7
    lost.cancel(PARENT)
    assert hub.methods() == ["getTaskChildren", "host.subtask"]


@pytest.mark.parametrize(
    "trouble", [None, koji.GenericError("no"), requests.exceptions.ConnectionError("gone")]
)
def test_what_is_left_of_an_earlier_try_is_canceled_in_the_end(trouble: Exception | None) -> None:
    """The task has its result: that this fails is logged, and no more."""
    hub = hub_with()
    hub.answers["cancelTaskChildren"] = trouble
    lost = LostSubtasks(hub, HERE, never)
    lost.make(hub.host.subtask, parent=PARENT, label="x86_64")
    lost.cancel(PARENT)
    assert hub.calls[-1] == ("cancelTaskChildren", (PARENT,), {})
