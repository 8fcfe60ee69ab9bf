"""Subtasks that died with their host: a hub frees no task that its scheduler has not assigned."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import koji
import requests

from koji_adjutant.hub.interface import HubSession

logger = logging.getLogger(__name__)

SILENT = 180.0
"""Seconds after which a hub believes a host not to be ready (its ReadyTimeout)."""
UNTAKEN = 300.0
"""Seconds after which a hub gives what was not taken to another host (its AssignTimeout)."""
PAUSE = 5.0
"""Seconds between two looks at what may be lost."""
ASSIGNED, OPEN = koji.TASK_STATES["ASSIGNED"], koji.TASK_STATES["OPEN"]


class LostSubtasks:
    """Of a task that was begun before, maybe elsewhere, whose labels stand for what was made then."""

    def __init__(
        self, session: HubSession, host_id: int, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._session = session
        self._host_id = host_id
        self._pause = pause
        self._begun_before: bool | None = None

    def make(self, make: Callable[..., int], **options: Any) -> int:
        """Make a subtask, under another label if the one that has this label is lost. Returns its id."""
        if self._begun_before is None:
            self._begun_before = bool(self._session.getTaskChildren(options["parent"]))
        label, number = options.get("label"), 1
        while self._is_lost(task_id := make(**options)):
            number += 1
            options["label"] = f"{label} ({number})"
            logger.warning(
                "Task %d was lost with its host; it is done again as %s", task_id, options["label"]
            )
        return task_id

    def cancel(self, task_id: int) -> None:
        """Have the hub cancel what such a task has left when it is over: nobody waits for that any more."""
        if not self._begun_before:
            return
        try:
            self._session.cancelTaskChildren(task_id)
        except (koji.GenericError, requests.exceptions.RequestException):
            logger.exception("Subtasks of task %d may be left", task_id)

    def _is_lost(self, task_id: int) -> bool:
        """Find out whether whoever has a subtask will not end it; wait until that shows."""
        heard: float | None = None
        while self._begun_before:
            row = self._session.getTaskInfo(task_id)
            if row is None or row["state"] not in (ASSIGNED, OPEN) or row["host_id"] in (None, self._host_id):
                break
            if self._session.scheduler.getTaskRuns([["task_id", "=", task_id]]):
                break  # the hub itself frees it
            now, last = self._last_call(self._host_id), self._last_call(row["host_id"])
            if now - last > SILENT:
                return True
            if row["state"] == ASSIGNED:
                if now - row["create_ts"] > UNTAKEN:
                    return True
            elif heard is not None and last > heard:
                break  # its host is at work
            heard = last if heard is None else heard
            self._pause(PAUSE)
        return False

    def _last_call(self, host_id: int) -> float:
        return self._session.getLastHostUpdate(host_id, ts=True) or 0.0
