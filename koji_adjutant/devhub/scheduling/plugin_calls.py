"""Calls that a real hub has from its plugins runroot_hub and save_failed_tree."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.builds import buildroots
from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import hosts, users
from koji_adjutant.devhub.tags import tags as hub_tags
from koji_adjutant.devhub.tasks import task_creation, tasks

ALLOWED_METHODS = ("buildArch",)
"""The example configuration of the hub's plugin."""


@exported("runroot", tag_info="tagInfo")
def runroot(
    call: Call, tag_info: Any, arch: str, command: Any, channel: str | None = None, **opts: Any
) -> int:
    """Run a command in a buildroot of a tag. Returns the task id."""
    users.assert_perm(call, "runroot")
    arch = koji.parse_arches(arch, strict=True, allow_none=False)
    if not isinstance(command, str | list):
        raise koji.GenericError(f"Invalid type for value '{command}': {type(command)}")
    tag = hub_tags.get_tag(call, tag_info, strict=True)
    if arch == "noarch" and not tag["arches"]:
        raise koji.GenericError(f"no arches defined for tag {tag['name']}")
    task_arch = koji.canonArch(tag["arches"].split()[0]) if arch == "noarch" else arch
    arguments = koji.encode_args(tag_info, arch, command, **opts)
    return task_creation.make_task(
        call, "runroot", arguments, priority=15, arch=task_arch, channel=channel or "runroot"
    )


@exported("saveFailedTree", "buildrootID")
def save_failed_tree(call: Call, buildroot_id: Any, full: bool = False, **opts: Any) -> int:
    """Have the buildroot of a failed task uploaded by the host that has it. Returns the task id."""
    buildroot_id = lookups.convert(buildroot_id, int)
    root = buildroots.get_buildroot(call, buildroot_id, strict=True)
    task = tasks.task_info(call, root["task_id"])
    if task["state"] != koji.TASK_STATES["FAILED"]:
        raise koji.PreBuildError(
            f"Task {task['id']} has not failed. Only failed tasks can upload their buildroots."
        )
    if task["method"] not in ALLOWED_METHODS:
        raise koji.PreBuildError(
            f"Only {', '.join(ALLOWED_METHODS)} tasks can upload their buildroots "
            f"(Task {task['id']} is {task['method']})."
        )
    if task["owner"] != call.session.user_id and not users.has_perm(call, "admin"):
        raise koji.ActionNotAllowed("Only owner of failed task or 'admin' can run this task.")
    if not hosts.get_host(call, task["host_id"])["enabled"]:
        raise koji.PreBuildError("Host is disabled.")
    arguments = koji.encode_args(buildroot_id, bool(full), **opts)
    return task_creation.make_task(call, "saveFailedTree", arguments, assign=root["host_id"])
