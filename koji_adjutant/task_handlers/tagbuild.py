"""The ``tagBuild`` task: tag a build, and have the hub send the notifications."""

from __future__ import annotations

from koji_adjutant.hub.arguments import Flag
from koji_adjutant.hub.task_handler import TaskHandler


class TagBuildTask(TaskHandler):
    Methods = ["tagBuild"]  # noqa: RUF012

    def handler(
        self,
        tag_id: int | str,
        build_id: int | str,
        force: Flag = False,
        fromtag: int | str | None = None,
        ignore_success: Flag = False,
    ) -> None:
        """Let the hub do the work, as the task's owner; the call order is kojid's."""
        host = self.session.host
        owner = self.own_row()["owner"]
        try:
            self.session.getBuild(build_id, strict=True)
            self.session.getTag(tag_id, strict=True)
            host.tagBuild(self.id, tag_id, build_id, force=force, fromtag=fromtag)
        except Exception as problem:
            reason = f"{type(problem)}: {problem}"
            host.tagNotification(False, tag_id, fromtag, build_id, owner, ignore_success, reason)
            raise
        host.tagNotification(True, tag_id, fromtag, build_id, owner, ignore_success)
