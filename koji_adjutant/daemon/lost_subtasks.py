"""Subtasks that died with their host: a hub frees no task that its scheduler has not assigned."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import koji

from koji_adjutant.hub.interface import HubSession

logger = logging.getLogger(__name__)

SILENT = 180.0
"""Seconds after which a hub believes a host not to be ready (its ReadyTimeout)."""


class LostSubtasks:
    """Of a task that was begun before, maybe elsewhere: labels that it uses again stand for what there is."""

    def __init__(self, session: HubSession, host_id: int) -> None:
        self._session = session
        self._host_id = host_id
        self._any = False

    def make(self, make: Callable[..., int], **options: Any) -> int:
        """Make a subtask, under another label if the one that has this label is lost. Returns its id."""
        label, number = options.get("label"), 1
        while self._is_lost(task_id := make(**options)):
            self._any = True
            number += 1
            options["label"] = f"{label} ({number})"
            logger.warning(
                "Task %d was lost with its host; it is done again as %s", task_id, options["label"]
            )
        return task_id

    def cancel(self, task_id: int) -> None:
        """Have the hub forget those of a task that is done without them: their host may come back."""
        if self._any:
            self._session.cancelTaskChildren(task_id)

    def _is_lost(self, task_id: int) -> bool:
        row = self._session.getTaskInfo(task_id)
        if row is None or row["state"] not in (koji.TASK_STATES["ASSIGNED"], koji.TASK_STATES["OPEN"]):
            return False
        host_id = row["host_id"]
        if host_id is None or host_id == self._host_id:
            return False
        if self._session.scheduler.getTaskRuns([["task_id", "=", task_id]]):
            return False
        return self._last_call(self._host_id) - self._last_call(host_id) > SILENT

    def _last_call(self, host_id: int) -> float:
        return self._session.getLastHostUpdate(host_id, ts=True) or 0.0
