"""The ``buildNotification`` task: a mail about a build that ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

import koji
import koji.util

from koji_adjutant.hub.arguments import Moment, Restriction
from koji_adjutant.hub.rows import TargetRow
from koji_adjutant.hub.task_handler import TaskHandler
from koji_adjutant.task_handlers.mail import compose, send, usable_addresses
from koji_adjutant.task_handlers.task_report import TaskSummary, task_tree, write_tasks

CHANGELOG_ENTRIES = 3
CHANGELOG_MAX = 65536
"""Characters of the changelog that are sent."""


BuildState = Annotated[
    int, Restriction("a state of builds", lambda state: 0 <= state < len(koji.BUILD_STATES))
]


class EndedBuild(TypedDict):
    """What is read here of the hub's row."""

    id: int
    name: str
    version: str
    release: str
    epoch: int | None
    package_name: str
    owner_name: str
    state: BuildState
    task_id: int | None
    creation_ts: Moment
    completion_ts: Moment | None
    draft: NotRequired[bool]


class BuildNotificationTask(TaskHandler):
    """``buildNotification(recipients, build, target, weburl)`` -> a sentence, or None for nobody.

    ``build`` and ``target`` (or None) are the hub's rows, ``weburl`` is koji-web's. The hub chose the
    recipients. Subject, headers and the body's facts are kojid's.
    """

    Methods = ["buildNotification"]  # noqa: RUF012
    _taskWeight = 0.1  # noqa: N815

    def handler(
        self,
        recipients: Sequence[str],
        build: EndedBuild,
        target: TargetRow | None,
        weburl: str,
    ) -> str | None:
        recipients = usable_addresses(recipients)
        if not recipients:
            return None
        nvr, owner = koji.buildLabel(build), build["owner_name"]
        tag = target["dest_tag_name"] if target else None
        status = koji.BUILD_STATES[build["state"]].lower()
        tasks = task_tree(self.session, build["task_id"]) if build["task_id"] else []
        headers = [
            ("X-Koji-Tag", str(tag)),
            ("X-Koji-Package", build["package_name"]),
            ("X-Koji-Builder", owner),
            ("X-Koji-Status", status),
            ("X-Koji-Draft", str(build.get("draft", False))),
        ]
        lines = [
            f"Package: {nvr}",
            f"Tag: {tag}",
            f"Status: {status}",
            *self._canceler(build),
            f"Built by: {owner}",
            f"ID: {build['id']}",
            f"Started: {koji.formatTimeLong(build['creation_ts'])}",
            f"Finished: {koji.formatTimeLong(build['completion_ts'])}",
            *self._changelog(build["id"]),
            *_failure(build, nvr, tasks),
            "",
            *write_tasks(tasks, koji.PathInfo(topdir=self.options.topurl).build(build), weburl),
            f"Task Info: {weburl}/taskinfo?taskID={build['task_id']}",
            f"Build Info: {weburl}/buildinfo?buildID={build['id']}",
        ]
        subject = f"Package: {nvr} Tag: {tag} Status: {status} Built by: {owner}"
        message = compose(self.options.from_addr, recipients, subject, headers, "\n".join(lines))
        send(self.options, message, recipients)
        return f"sent notification of build {build['id']} to: {', '.join(recipients)}"

    def _canceler(self, build: EndedBuild) -> list[str]:
        """Name the user who canceled the build: the one for whom the hub made this task."""
        if build["state"] != koji.BUILD_STATES["CANCELED"]:
            return []
        user = self.session.getUser(self.own_row()["owner"])
        return [f"Canceled by: {user['name']}"] if user else []

    def _changelog(self, build_id: int) -> list[str]:
        entries = self.session.getChangelogEntries(build_id, queryOpts={"limit": CHANGELOG_ENTRIES})
        return ["Changelog:", koji.util.formatChangelog(entries)[:CHANGELOG_MAX]] if entries else []


def _failure(build: EndedBuild, nvr: str, tasks: Sequence[TaskSummary]) -> list[str]:
    """Say what failed where, in the words of the build's own task."""
    if build["state"] != koji.BUILD_STATES["FAILED"]:
        return []
    where = [f"{task.host} ({task.arch})" for task in tasks if task.host and task.state == "failed"]
    reason = tasks[0].result if tasks else "Unknown"
    return ["", f"{nvr} ({build['id']}) failed on {', '.join(where)}:", f"  {reason}"]
