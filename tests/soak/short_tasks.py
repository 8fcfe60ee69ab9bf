"""Hundreds of short runroot tasks, each of which leaves a mark on the machine that it ran on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import koji

from tests.hub.builder import ARCH
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.soak.workers import Worker

COMMAND = (
    "echo {number} >> /mnt/shared/{run}.started; echo ran {number}; echo {number} >> /mnt/shared/{run}.ended"
)
CLOSED, OPEN, ASSIGNED = (koji.TASK_STATES[name] for name in ("CLOSED", "OPEN", "ASSIGNED"))


@dataclass(frozen=True)
class ShortTasks:
    """Task ids by number; ``run`` is in the name of the files with the marks."""

    farm: Farm
    run: str
    ids: Sequence[int]

    @classmethod
    def start(cls, farm: Farm, number: int) -> ShortTasks:
        """Put so many into the hub's queue."""
        run = unique("run")
        commands = [COMMAND.format(number=each, run=run) for each in range(number)]
        with farm.admin.multicall(strict=True) as calls:
            made = [
                calls.runroot(farm.build_tag, ARCH, ["sh", "-c", command], mounts=["/mnt/shared"])
                for command in commands
            ]
        return cls(farm, run, [int(task.result) for task in made])

    def rows(self) -> list[dict[str, Any]]:
        """What the hub says of each."""
        return list(self.farm.admin.getTaskInfo(list(self.ids)))

    def closed(self) -> int:
        """How many are done. AssertionError if one is over without a result."""
        states = Counter(row["state"] for row in self.rows())
        assert not states.keys() & {koji.TASK_STATES["FAILED"], koji.TASK_STATES["CANCELED"]}, states
        return states[CLOSED]

    def of(self, worker: Worker, *states: int) -> list[int]:
        """The tasks in one of these states that the hub has given to a worker."""
        return [row["id"] for row in self.rows() if row["host_id"] == worker.host and row["state"] in states]

    def marks(self, worker: Worker, what: str) -> Counter[int]:
        """How often each task's command has ``started`` or ``ended`` on a worker's machine."""
        file = worker.shared / f"{self.run}.{what}"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(self.ids[int(line)] for line in lines)

    def log_is_whole(self, number: int) -> bool:
        """Whether what the command says is in the hub's log, and once."""
        log = self.farm.log(self.ids[number], "runroot.log").splitlines()
        return log.count(f"ran {number}") == 1
