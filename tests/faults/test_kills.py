"""What is killed while a command runs in a container: the task is done again, once, and nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tests.faults.victims import LongTask, Victims
from tests.hub.farm import Farm
from tests.support.nothing_left import Machine

Choice = Callable[[Victims, int], Iterable[int]]

TOGETHER: dict[str, Choice] = {
    "worker": lambda victims, _task: [victims.worker()],
    "worker-and-task": lambda victims, task: [victims.worker(), victims.task(task)],
    "worker-task-and-podman": lambda victims, task: [
        victims.worker(),
        victims.task(task),
        *victims.service(),
    ],
    "everything": lambda victims, task: [
        victims.worker(),
        victims.task(task),
        *victims.service(),
        *victims.monitors(task),
    ],
}
"""With the worker: what dies in the same moment."""
USUAL = {"worker", "everything"}
"""What is tried each time, not only when there is time for all."""


def leave_behind(machine: Machine) -> None:
    """What a task leaves that is killed while it tidies up, and a process that composed a root."""
    (machine.workdir / "tasks" / "4242" / "4242-1-2.trash" / "deep").mkdir(parents=True)
    (machine.state_dir / "roots" / "staging" / "composed-by-the-dead.0123").mkdir()
    (machine.workdir / "idle-999999999").mkdir()


def test_a_task(farm: Farm, machine: Machine, victims: Victims) -> None:
    task = LongTask(farm)
    victims.kill([victims.task(task.id)])
    victims.assert_done_again(task, machine)


@pytest.mark.parametrize(
    "kill", [kill if kill in USUAL else pytest.param(kill, marks=pytest.mark.soak) for kill in TOGETHER]
)
def test_a_worker(farm: Farm, machine: Machine, victims: Victims, kill: str) -> None:
    task = LongTask(farm)
    victims.kill([*TOGETHER[kill](victims, task.id)])
    leave_behind(machine)
    victims.start_worker()
    victims.assert_done_again(task, machine)


def test_a_cancelled_task_that_was_killed(farm: Farm, machine: Machine, victims: Victims) -> None:
    """There is no second try that could clean up after the first."""
    task = LongTask(farm)
    farm.admin.cancelTask(task.id)
    victims.kill([victims.task(task.id)])
    machine.assert_nothing_left()
    assert task.tries == 1
