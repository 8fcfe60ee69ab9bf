"""The arguments of the task methods that come from koji's library, which looks at none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

import koji.tasks
from koji.tasks import BaseTaskHandler

from koji_adjutant.hub.arguments import Restriction, check_arguments
from koji_adjutant.hub.rows import TagReference

FORK_MAX = 1000
"""Processes that one ``fork`` task may start."""
SAID_OTHERWISE = frozenset({"method", "arglist", "parent"})
"""What is no option of a task that another one makes."""


def _is_event(text: str) -> bool:
    return text == "last" or (text.isascii() and text.isdecimal())


Seconds = Annotated[float, Restriction("seconds, 0 or more", lambda seconds: 0 <= seconds < 1e9)]
Event = int | Annotated[str, Restriction('an event or "last"', _is_event)] | None


class _Host(TypedDict):
    id: int


class _Restarted(TypedDict, total=False):
    arches: str | Sequence[str]
    channel: int | str
    timeout: Seconds


def _is_task(task: Sequence[Any]) -> bool:
    """Return whether it is (method, arguments, options), as ``host.subtask`` takes them; options may lack."""
    method, arguments, options = [*task, None, None, None][:3]
    return (
        len(task) in (2, 3)
        and isinstance(method, str)
        and isinstance(arguments, list | tuple)
        and (options is None or (isinstance(options, dict) and not SAID_OTHERWISE & {*options}))
    )


ARGUMENTS: Mapping[type[BaseTaskHandler], Mapping[str, object]] = {
    koji.tasks.DependantTask: {
        "wait_list": Sequence[object],
        "task_list": Sequence[
            Annotated[Sequence[Any], Restriction("a method, its arguments and, if wanted, options", _is_task)]
        ],
    },
    koji.tasks.ForkTask: {
        "n": Annotated[int, Restriction(f"up to {FORK_MAX} processes", lambda count: count <= FORK_MAX)],
        "m": Seconds,
    },
    koji.tasks.RestartHostsTask: {"options": _Restarted | None},
    koji.tasks.RestartTask: {"host": _Host},
    koji.tasks.RestartVerifyTask: {"task_id": int, "host": _Host},
    koji.tasks.SleepTask: {"n": Seconds},
    koji.tasks.SubtaskTask: {"n": int},
    koji.tasks.WaitTestTask: {"count": int, "seconds": object},
    koji.tasks.WaitrepoTask: {
        "tag": TagReference,
        "newer_than": str | float | None,
        "nvrs": Sequence[str] | None,
        "min_event": Event,
    },
}
"""The types by argument, of each handler that uses its arguments."""


def check_library_arguments(task: BaseTaskHandler) -> None:
    """Raise ArgumentError for a task of the library's whose arguments do not fit."""
    for handler, kinds in ARGUMENTS.items():
        if isinstance(task, handler):
            check_arguments(task.method, task.handler, task.params, task.opts, kinds)
