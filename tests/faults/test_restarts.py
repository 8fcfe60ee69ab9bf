"""A worker is killed while it starts, after one that was killed; and while it restarts."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.stand import Stand
from tests.faults.victims import LongTask, Victims
from tests.support.nothing_left import Machine
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("method", "answered"),
    [
        pytest.param("exclusiveSession", True, marks=pytest.mark.soak, id="it has logged in"),
        pytest.param("host.setBuildRootState", True, marks=pytest.mark.soak, id="it expires buildroots"),
        pytest.param("host.freeTasks", False, id="it is about to free tasks"),
        pytest.param("host.openTask", True, marks=pytest.mark.soak, id="it has taken the task"),
    ],
)
def test_killed_while_it_starts(
    stand: Stand, machine: Machine, victims: Victims, method: str, answered: bool
) -> None:
    task = LongTask(stand.farm)
    victims.kill([victims.worker(), victims.task(task.id)])
    gate = stand.hub.hold(lambda call: call.method == method, answered=answered)
    starting = victims.launch_worker()
    until(gate.reached, f"the worker starts, and calls {method}\n{stand.farm.log_tail()}")
    victims.kill([starting])
    gate.open()
    victims.start_worker()
    victims.assert_done_again(task, machine)


def test_killed_while_it_restarts(stand: Stand, machine: Machine, victims: Victims) -> None:
    """It has ended what it was at, and is about to begin anew."""
    worker = victims.worker()
    own = {call.session for call in [*stand.hub.calls] if call.method == "host.getHostTasks"}
    gate = stand.hub.hold(lambda call: call.method == "logout" and call.session in own)
    os.kill(worker, signal.SIGUSR1)
    until(gate.reached, f"the worker logs out\n{stand.farm.log_tail()}")
    victims.kill([worker])
    gate.open()
    victims.start_worker()
    stand.farm.closed(stand.farm.worker_task("sleep", 0))
    machine.assert_nothing_left()
