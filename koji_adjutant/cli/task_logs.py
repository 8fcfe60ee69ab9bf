"""A task's logs on this machine: where they are, which one a reader means."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.cli.growing_log import GrowingLog
from koji_adjutant.config import Settings
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.errors import NotFound
from koji_adjutant.monitoring.log_files import MAIN_LOGS
from koji_adjutant.reproduction.task_files import log_directory


class TaskLogs:
    """The logs of one task, which move to another directory when it ends."""

    def __init__(self, settings: Settings, task_id: int) -> None:
        self._settings = settings
        self._task_id = task_id
        self._claims = TaskClaims(settings.adjutant.state_dir)

    def growing(self) -> bool:
        """Return whether a process of this machine does the task."""
        return self._claims.held(self._task_id)

    def names(self) -> list[str]:
        """Return the logs' names. Raises NotFound if there is no directory."""
        return sorted(path.name for path in self._directory().iterdir() if path.is_file())

    def has(self, name: str | None) -> bool:
        """Return whether there is such a log; None is any that people look into."""
        directory = log_directory(self._settings.kojid, self._task_id)
        return directory is not None and any((directory / one).exists() for one in _wanted(name))

    def find(self, name: str | None) -> str:
        """Return the log's name; for None the log of the latest step that has one.

        Raises NotFound if there is none.
        """
        directory = self._directory()
        found = next((one for one in _wanted(name) if (directory / one).exists()), None)
        if found is None:
            there = ", ".join(self.names()) or "none"
            raise NotFound(f"Task {self._task_id} has no {name or 'log of a build step'}; there is: {there}.")
        return found

    def open(self, name: str, *, last_lines: int | None = None) -> GrowingLog:
        try:
            return GrowingLog(self._directory() / name, last_lines=last_lines)
        except FileNotFoundError:  # the task has just ended, and its directory was put aside
            return GrowingLog(self._directory() / name, last_lines=last_lines)

    def _directory(self) -> Path:
        directory = log_directory(self._settings.kojid, self._task_id)
        if directory is None:
            raise NotFound(
                f"There are no logs of task {self._task_id} here: another builder did it, or they were "
                "removed. `koji download-logs` fetches what the hub has."
            )
        return directory


def _wanted(name: str | None) -> tuple[str, ...]:
    return MAIN_LOGS if name is None else (name,)
