"""Something is killed at each stage of a task: it ends as it must, nothing is left or lost or doubled."""

from __future__ import annotations

import json

import koji
import pytest

from tests.faults.kill_points import KILLS, KillPoint, parameters
from tests.faults.stages import NUMBERED, STAGES, Held
from tests.faults.stand import Stand
from tests.hub.rpms import check_digests
from tests.support.nothing_left import Machine, assert_no_defunct_children
from tests.support.waiting import until

TRIES = {"again": 2, "back": 2, "on": 1, "done": 1, "canceled": 1}


@pytest.mark.parametrize("point", parameters())
def test_kill_point(stand: Stand, machine: Machine, point: KillPoint) -> None:
    held = STAGES[point.stage](stand)
    until(held.gate.reached, f"task {held.task} is at the stage\n{stand.farm.log_tail()}")
    KILLS[point.kill](stand, held)
    tries = TRIES[point.outcome]
    if point.outcome == "again":  # only then, so that the first try does not just go on
        until(lambda: stand.hub.tries(held.task) == tries, f"task {held.task} is done again")
    state = ended(stand, held)
    machine.assert_nothing_left()
    assert_no_defunct_children(stand.victims.worker())
    assert stand.hub.tries(held.task) == tries
    if point.outcome == "canceled":
        assert state == "CANCELED"
        return
    assert state == "CLOSED", stand.farm.failure(held.whole)
    assert_said_why(stand, held, given_back=point.outcome == "back" or point.stage == "giving-back")
    assert_nothing_lost_or_doubled(stand, held)


def ended(stand: Stand, held: Held) -> str:
    """Let the task go on until it has ended; the state that it ended in."""

    def has_ended() -> bool:
        held.gate.open()
        return stand.farm.is_finished(held.whole)

    until(has_ended, f"task {held.whole} ends\n{stand.farm.log_tail()}")
    return stand.farm.finished(held.whole)


def assert_said_why(stand: Stand, held: Held, *, given_back: bool) -> None:
    """A try that was given back has left its reason on the hub; one that was killed could say nothing."""
    said = stand.farm.log(held.task, "failure.json")
    assert bool(said) == given_back
    if given_back:
        failure = json.loads(said)
        assert (failure["class"], failure["try"], failure["given_back"]) == ("infrastructure", 1, True)


def assert_nothing_lost_or_doubled(stand: Stand, held: Held) -> None:
    """The hub has each log as the worker has it, and each package whole."""
    admin, names = stand.farm.admin, stand.farm.admin.listTaskOutput(held.task)
    kept = {file.name: file.read_bytes() for file in stand.logs(held.task).glob("*.log")}
    assert {
        name: admin.downloadTaskOutput(held.task, name) for name in names if name.endswith(".log")
    } == kept
    if held.numbered:
        assert kept["build.log"].decode().count(f"\n{NUMBERED}\n") == 1
    assert stand.farm.hub.topdir is not None
    packages = [
        stand.farm.hub.topdir / "work" / koji.pathinfo.taskrelpath(held.task) / name
        for name in names
        if name.endswith(".rpm")
    ]
    if packages:
        check_digests(packages)
