"""Removing the worker's containers whose task is over, however often it takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass

from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager, ContainerState
from koji_adjutant.errors import EngineError

logger = logging.getLogger(__name__)

WORKER_LABEL = LABEL_PREFIX + "worker_id"
TASK_LABEL = LABEL_PREFIX + "task_id"
FIRST_PAUSE = 15.0
LONGEST_PAUSE = 600.0
"""Seconds until a container is tried again: an engine may take some to find out that it cannot be removed."""


@dataclass(frozen=True)
class Stuck:
    """A container that could not be removed, and why; ``next_try`` is on the monotonic clock."""

    name: str
    reason: str
    pause: float
    next_try: float


class OwnContainers:
    """Removes containers of one worker; those that cannot be removed are tried again, and stop nothing."""

    def __init__(self) -> None:
        self._stuck: dict[str, Stuck] = {}

    @property
    def problem(self) -> str | None:
        """What could not be removed, in a sentence; None if there is nothing of the kind."""
        if not self._stuck:
            return None
        name, reason = min((stuck.name, stuck.reason) for stuck in self._stuck.values())
        others = len(self._stuck) - 1
        more = f" and {others} more cannot be removed, they are" if others else " cannot be removed, it is"
        return f"the container {name}{more} tried again: {reason}"

    def remove(self, engine: ContainerManager, worker_id: str, running: Collection[str]) -> None:
        """Remove the containers of ``worker_id`` whose task is not ``running``.

        EngineError if the engine does not answer; its refusal to remove one is no such error.
        """
        dead = self._dead(engine, worker_id, running)
        refused = [each for each in dead if self._is_due(each) and not self._removed(engine, each)]
        if refused:  # asked once more: does the engine answer at all, and are they still there?
            self._dead(engine, worker_id, running)

    def _dead(
        self, engine: ContainerManager, worker_id: str, running: Collection[str]
    ) -> list[ContainerState]:
        """Return those that are there and whose task is over, also if it is being done again."""
        present = engine.list_containers({WORKER_LABEL: worker_id})
        ids = {container.id for container in present}
        self._stuck = {id_: stuck for id_, stuck in self._stuck.items() if id_ in ids}
        return [
            each for each in present if each.id in self._stuck or each.labels.get(TASK_LABEL) not in running
        ]

    def _is_due(self, container: ContainerState) -> bool:
        stuck = self._stuck.get(container.id)
        return stuck is None or time.monotonic() >= stuck.next_try

    def _removed(self, engine: ContainerManager, container: ContainerState) -> bool:
        name, task = container.name, container.labels.get(TASK_LABEL)
        logger.warning("Removing container %s, left by task %s", name, task)
        try:
            engine.remove(container.id)
        except EngineError as problem:
            before = self._stuck.get(container.id)
            pause = min(2 * before.pause, LONGEST_PAUSE) if before else FIRST_PAUSE
            self._stuck[container.id] = Stuck(name, str(problem), pause, time.monotonic() + pause)
            logger.error(
                "Container %s cannot be removed, it is tried again in %d seconds: %s", name, pause, problem
            )
            return False
        self._stuck.pop(container.id, None)
        return True
