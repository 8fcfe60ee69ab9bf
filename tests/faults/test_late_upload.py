"""A part of a log is still under way when its sender is killed, and comes to the hub during the next try."""

from __future__ import annotations

import pytest

from tests.faults.kill_points import KILLS
from tests.faults.stages import AT_GATE, LINES, Held, is_upload, spec
from tests.faults.stand import Stand
from tests.faults.test_kill_points import assert_nothing_lost_or_doubled, ended
from tests.hub.names import unique
from tests.support.nothing_left import Machine
from tests.support.waiting import until


@pytest.mark.parametrize(
    "kill",
    ["task", pytest.param("worker", marks=pytest.mark.soak), pytest.param("machine", marks=pytest.mark.soak)],
)
def test_the_next_try_s_log_stays_as_it_is(stand: Stand, machine: Machine, kill: str) -> None:
    late = stand.hub.hold(
        lambda call: is_upload(call, "build.log") and call.named["offset"] != "0", late=True
    )
    name = unique("late")
    package = stand.source_package(name, spec(name, build=f"seq {LINES}\n{AT_GATE}"))
    task = stand.build_arch(package)
    held = Held(task, stand.build_gate(task), task, numbered=True)
    until(late.reached, f"the log of task {task} is being uploaded")
    KILLS[kill](stand, held)
    until(lambda: stand.hub.tries(task) == 2, f"task {task} is done again")
    until(
        lambda: f"\n{LINES}\n" in stand.farm.log(task, "build.log"),
        f"the hub has the log of the second try\n{stand.farm.log_tail()}",
    )
    assert held.gate.reached()
    late.open()
    until(late.is_done, "the hub has got what the first try has sent")
    assert ended(stand, held) == "CLOSED"
    machine.assert_nothing_left()
    assert stand.hub.tries(task) == 2
    assert_nothing_lost_or_doubled(stand, held)
