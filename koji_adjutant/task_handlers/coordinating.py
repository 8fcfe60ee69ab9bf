"""What the tasks that wait for subtasks have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from koji_adjutant.hub.task_handler import TaskHandler


class CoordinatingTask(TaskHandler):
    """A task that makes subtasks and waits for them.

    ``subtasks_made`` lets the worker know that there may be something to take, and ``make_subtask`` may give
    it what is made; the daemon sets both in the task's process. A stock kojid sees the subtasks at its next
    poll.
    """

    subtasks_made: Callable[[], None] = staticmethod(lambda: None)
    make_subtask: Callable[..., int] = staticmethod(lambda subtask, **options: subtask(**options))

    def subtask(self, **options: Any) -> int:
        """Make a subtask from what host.subtask takes by name. Returns its id."""
        return self.make_subtask(self.session.host.subtask, **options)

    def wait(
        self,
        subtasks: int | Sequence[int] | None = None,
        all: bool = False,  # noqa: A002  (koji's name)
        failany: bool = False,
        canfail: Sequence[int] | None = None,
        timeout: float | None = None,
    ) -> dict[int, Any]:
        """Return the results by task id, as koji does; the first failed subtask's fault is raised."""
        self.subtasks_made()
        return super().wait(subtasks, all, failany, canfail, timeout)
