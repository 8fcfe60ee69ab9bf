"""What was assigned past the scheduler, to a host that is gone: only the parent's next try can do it anew."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from koji_adjutant.daemon.lost_subtasks import SILENT, LostSubtasks
from tests.support.scripted_hub import ScriptedHub

HERE, THERE = 1, 2
PARENT = 5
LABELS = {"x86_64": 7, "x86_64 (2)": 8, "x86_64 (3)": 9}


def hub_with(silent: float = SILENT + 1, runs: object = (), **row: Any) -> ScriptedHub:
    """A hub that has the subtask 7 already, of a host that called last so long before this one."""
    there = {"id": 7, "state": koji.TASK_STATES["OPEN"], "host_id": THERE, **row}
    new = {"state": koji.TASK_STATES["ASSIGNED"], "host_id": HERE}
    return ScriptedHub(
        getTaskInfo=lambda task: there if task == 7 else {"id": task, **new},
        scheduler__getTaskRuns=lambda clauses: runs if clauses == [["task_id", "=", 7]] else (),
        getLastHostUpdate=lambda host, **_: 1000.0 - silent * (host == THERE),
        host__subtask=lambda **options: LABELS[options["label"]],
    )


def made(hub: ScriptedHub) -> int:
    lost = LostSubtasks(hub, HERE)
    task = lost.make(hub.host.subtask, parent=PARENT, label="x86_64", method="buildArch")
    lost.cancel(PARENT)
    return task


@pytest.mark.parametrize("state", ["OPEN", "ASSIGNED"])
def test_a_silent_hosts_subtask_is_made_under_another_label_and_canceled_in_the_end(state: str) -> None:
    hub = hub_with(state=koji.TASK_STATES[state])
    assert made(hub) == 8
    assert hub.calls[-1] == ("cancelTaskChildren", (PARENT,), {})


def test_one_that_never_called_is_silent() -> None:
    hub = hub_with()
    hub.answers["getLastHostUpdate"] = lambda host, **_: None if host == THERE else 1000.0
    assert made(hub) == 8


def test_another_loss_is_another_label() -> None:
    hub = hub_with()
    silent = {"state": koji.TASK_STATES["OPEN"], "host_id": THERE}
    new = {"state": koji.TASK_STATES["ASSIGNED"], "host_id": HERE}
    hub.answers["getTaskInfo"] = lambda task: silent if task in (7, 8) else new
    assert made(hub) == 9


@pytest.mark.parametrize(
    "hub",
    [
        hub_with(silent=SILENT - 1),
        hub_with(host_id=HERE),
        hub_with(host_id=None, state=koji.TASK_STATES["FREE"]),
        hub_with(state=koji.TASK_STATES["CLOSED"]),
        hub_with(runs=[{"host_id": THERE}]),
    ],
    ids=["heard of lately", "ours", "free", "done", "assigned by the scheduler, which frees it"],
)
def test_any_other_is_the_one_that_is_waited_for(hub: ScriptedHub) -> None:
    assert made(hub) == 7
    assert "cancelTaskChildren" not in hub.methods()
