"""The worker's journal, as a command finds it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.errors import NotFound
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.history import History, open_history
from koji_adjutant.monitoring.records import Task


@contextmanager
def worker_history(state_dir: Path) -> Iterator[History]:
    """Open the journal. Raises NotFound where there is none, or none that can be read."""
    path = database.path_in(state_dir)
    if not path.exists():
        raise NotFound(
            f"There is no journal {path}: no worker has run with this state_dir yet, or it keeps none "
            "(monitoring_enabled = false)."
        )
    try:
        with open_history(path) as history:
            yield history
    except sqlite3.Error as problem:
        raise NotFound(f"The journal {path} cannot be read: {problem}.") from problem


def find_task(history: History, task_id: int) -> Task:
    task = history.task(task_id)
    if task is None:
        raise NotFound(
            f"The journal does not know task {task_id}: another builder did it, or it was too long ago."
        )
    return task
