"""What is killed at which stage, and what must become of the task: a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from tests.faults.stages import STAGES, Held
from tests.faults.stand import Stand
from tests.support.processes import is_alive
from tests.support.waiting import until

Outcome = Literal["again", "back", "on", "done", "canceled"]
"""Again: done again from the beginning. Back: given back to the hub with the reason, and done again. On: the
task has noticed nothing. Done: the hub had its result already. Canceled: not done again."""

# Killed are: the task's process; the worker, with which its tasks end; all processes that go with a machine;
# podman's service; conmon of the task's containers; the process of a task that was cancelled a moment before.
# With a star: also without `make soak`. A dash: no container there, or nothing to be cancelled.
TABLE = """
                             task     worker   machine  service  conmon  cancelled
checking-out                 again*   again    again    back     back*   canceled
fetching-sources             again    again    again    back     back    canceled
making-a-source-package      again    again    again    back     back    canceled
uploading-a-source-package   again    again    again    on       on      canceled
resolving                    again    again*   again    back*    back    canceled
downloading                  again    again*   again    on       -       canceled*
installing-a-layer           again    again    again*   back     back    canceled
installing-a-base            again*   again    again    back     back    canceled
building                     again    again    again    back     back*   canceled
uploading-a-log              again*   again    again    back     back    canceled
uploading-packages           again    again    again    on*      on      canceled
reporting-the-buildroot      again    again    again    on       -       canceled
giving-back                  again*   again    again    -        -       canceled
ending                       again*   again    again    on       -       canceled
ended                        done*    done     done     on       -       -
tidying-up                   done     done*    done     on       -       -
running-a-command            again    again    again    back     back    canceled
merging-repositories         again    again*   again    back     back    canceled
waiting-for-a-repository     again*   again    again    -        -       canceled
waiting-for-packages         again    again*   again    -        -       canceled
"""


@dataclass(frozen=True)
class KillPoint:
    """``usual``: tried each time, not only when there is time for all."""

    stage: str
    kill: str
    outcome: Outcome
    usual: bool


def kill_points() -> Iterator[KillPoint]:
    """Yield the rows of the table."""
    head, *rows = TABLE.strip().splitlines()
    for row in rows:
        stage, *cells = row.split()
        for kill, cell in zip(head.split(), cells, strict=True):
            if cell != "-":
                outcome: Outcome = cell.rstrip("*")  # type: ignore[assignment]
                yield KillPoint(stage, kill, outcome, cell.endswith("*"))


def parameters() -> list[object]:
    """Return the table for pytest."""
    return [
        pytest.param(point, id=f"{point.stage}-{point.kill}", marks=() if point.usual else pytest.mark.soak)
        for point in kill_points()
    ]


def as_markdown() -> str:
    """Return the table for people; what is tried each time is bold."""
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    lines = [["stage", "what goes on", *head], ["---"] * (len(head) + 2)]
    for stage, *cells in rows:
        what = (STAGES[stage].__doc__ or "").partition("\n\n")[0].rstrip(".")
        marked = [f"**{cell.rstrip('*')}**" if cell.endswith("*") else cell for cell in cells]
        lines.append([stage.replace("-", " "), what, *marked])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def kill_task(stand: Stand, held: Held) -> None:
    stand.victims.kill([stand.victims.task(held.task)])


def kill_worker(stand: Stand, held: Held) -> None:
    """Kill it alone: its tasks end, whatever they wait for."""
    task = stand.victims.task(held.task)
    stand.victims.kill([stand.victims.worker()])
    until(lambda: not is_alive(task), f"the process of task {held.task} has ended")
    stand.victims.start_worker()


def kill_machine(stand: Stand, _held: Held) -> None:
    stand.victims.kill_all()
    stand.victims.start_worker()


def kill_service(stand: Stand, _held: Held) -> None:
    stand.victims.kill(stand.victims.service())


def kill_monitors(stand: Stand, held: Held) -> None:
    monitors = stand.victims.monitors(held.task)
    assert monitors
    stand.victims.kill(monitors)


def cancel_and_kill(stand: Stand, held: Held) -> None:
    task = stand.victims.task(held.task)
    stand.farm.admin.cancelTask(held.whole)
    stand.victims.kill([task])


KILLS: Mapping[str, Callable[[Stand, Held], None]] = {
    "task": kill_task,
    "worker": kill_worker,
    "machine": kill_machine,
    "service": kill_service,
    "conmon": kill_monitors,
    "cancelled": cancel_and_kill,
}

assert set(TABLE.split()) >= {*STAGES, *KILLS}
