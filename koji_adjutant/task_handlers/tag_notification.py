"""The ``tagNotification`` task: a mail about a build that was tagged, untagged or moved."""

from __future__ import annotations

from collections.abc import Sequence

import koji

from koji_adjutant.hub.arguments import Flag
from koji_adjutant.hub.task_handler import TaskHandler
from koji_adjutant.task_handlers.mail import compose, send, usable_addresses


class TagNotificationTask(TaskHandler):
    """``tagNotification(recipients, is_successful, tag, from_tag, build, user, ignore_success, failure)``.

    Tags, build and user are ids; the hub chose the recipients. Subject, headers and the body's facts are
    kojid's. Returns a sentence, or None if nobody is to be notified.
    """

    Methods = ["tagNotification"]  # noqa: RUF012
    _taskWeight = 0.1  # noqa: N815

    def handler(
        self,
        recipients: Sequence[str],
        is_successful: Flag,
        tag_info: int | str | None,
        from_info: int | str | None,
        build_info: int | str,
        user_info: int | str,
        ignore_success: Flag = None,
        failure_msg: str | None = "",
    ) -> str | None:
        recipients = usable_addresses(recipients)
        if not recipients or (ignore_success and is_successful):
            return None
        build = self.session.getBuild(build_info, strict=True)
        user = self.session.getUser(user_info, strict=True)["name"]
        source = self.session.getTag(from_info, strict=True)["name"] if from_info else None
        target = self.session.getTag(tag_info, strict=True)["name"] if tag_info else None
        nvr, package, status = koji.buildLabel(build), build["package_name"], _status(is_successful)
        action = "moved" if source and target else "tagged" if target else "untagged"
        tags = [tag for tag in (source, target) if tag]
        done = f"{nvr} {'' if is_successful else 'un'}successfully {action}"
        done += f" from {source}" if source else ""
        done += f" into {target}" if target else ""
        headers = [
            ("X-Koji-Package", package),
            ("X-Koji-NVR", nvr),
            ("X-Koji-Draft", str(build.get("draft", False))),
            ("X-Koji-User", user),
            ("X-Koji-Status", status),
            *(("X-Koji-Tag", tag) for tag in tags),
        ]
        lines = [f"Package: {package}", f"NVR: {nvr}", f"User: {user}", f"Status: {status}"]
        lines.append(f"Tag Operation: {action}")
        lines += [f"From Tag: {source}"] if source else []
        lines += [f"Into Tag: {target}"] if target else []
        lines += ["", f"{done} by {user}"]
        if not is_successful:
            lines += ["Operation failed with the error:", f"    {failure_msg}"]
        subject = f"{done} by {user}"
        message = compose(self.options.from_addr, recipients, subject, headers, "\n".join(lines))
        send(self.options, message, recipients)
        return f"sent notification of tag operation {self.id} to: {', '.join(recipients)}"


def _status(is_successful: Flag) -> str:
    return "complete" if is_successful else "failed"
