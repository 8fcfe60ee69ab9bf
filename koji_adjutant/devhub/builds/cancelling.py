"""Canceling tasks and builds: each takes the other along."""

from __future__ import annotations

import time
from typing import Any

import koji

from koji_adjutant.devhub.builds import builds
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import sessions, users
from koji_adjutant.devhub.tasks import tasks


def cancel_task(call: Call, task_id: int, *, recurse: bool = True) -> bool:
    """Cancel a task, the build that it is making, and its subtasks; False if it is over already."""
    state = tasks.state_of(call, task_id)
    if state == tasks.CANCELED:
        return True
    if state in tasks.FINISHED:
        return False
    call.db.update("task", {"state": tasks.CANCELED, "completion_time": time.time()}, {"id": task_id})
    cancel_builds_of_task(call, task_id)
    if recurse:
        for child in tasks.children_of(call, task_id):
            cancel_task(call, child)
    return True


def cancel_tree(call: Call, task_id: int) -> None:
    """Cancel a task and everything below it, also below subtasks that are over."""
    for child in tasks.children_of(call, task_id):
        cancel_tree(call, child)
    cancel_task(call, task_id, recurse=False)


def _cancel(call: Call, build_id: int) -> None:
    values = {"state": builds.CANCELED, "completion_time": time.time()}
    call.db.update("build", values, {"id": build_id, "state": builds.BUILDING})


def cancel_builds_of_task(call: Call, task_id: int) -> None:
    """Cancel what a canceled task was building."""
    for row in call.db.all(
        "SELECT id FROM build WHERE task_id = ? AND state = ?", (task_id, builds.BUILDING)
    ):
        _cancel(call, row["id"])


@exported("cancelBuild", "buildID")
def cancel_build(call: Call, build_id: Any, strict: bool = False) -> bool:
    """Cancel a build in progress and its tasks (its owner, an admin); False if there is nothing to cancel."""
    user_id = sessions.assert_login(call)
    build = builds.get_build(call, build_id, strict)
    if build is None:
        return False
    if build["owner_id"] != user_id and not users.has_perm(call, "admin"):
        raise koji.ActionNotAllowed("Cannot cancel build, not owner")
    if build["state"] != builds.BUILDING:
        return False
    _cancel(call, build["id"])
    if build["task_id"] is not None:
        info = tasks.task_info(call, build["task_id"])
        while info["parent"] is not None:
            info = tasks.task_info(call, info["parent"])
        cancel_tree(call, info["id"])
    return True
