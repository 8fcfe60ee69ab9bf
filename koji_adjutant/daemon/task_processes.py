"""The processes of tasks, as koji's task manager finds and ends them."""

from __future__ import annotations

import logging
import os
import select
import signal
from pathlib import Path

from koji.daemon import TaskManager

logger = logging.getLogger(__name__)


class TaskProcesses(TaskManager):  # type: ignore[misc]
    """koji's task manager, which sees a process's end at once and ends nothing that other tasks use."""

    def _childPIDs(self, pid: int) -> list[tuple[int, str]]:  # noqa: N802
        """Return koji's list, but without a service that other tasks use as well, in a session of its own."""
        return [
            (child, command)
            for child, command in super()._childPIDs(pid)
            if child == pid or _session(child) == _session(pid)
        ]

    def _getStat(self, pid: int) -> list[int | str] | None:  # noqa: N802
        """Read what koji reads, but leave no file open if the process ends meanwhile."""
        directory = Path("/proc") / str(pid)
        try:
            fields = (directory / "stat").read_text(errors="replace").split()
            command = (directory / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
        except OSError:
            return None
        status: list[int | str] = [int(field) if field.isdigit() else field for field in fields]
        status[1] = command
        return status if command else None

    def _doKill(  # noqa: N802
        self, task_id: int, pid: int, cmd: str, sig: int, timeout: float, pause: float
    ) -> bool:
        """Send the signal and see the process's end at once; koji looks for it only now and then."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            logger.info(
                "Sending signal %d to %s (pid %d, task %d)", sig, cmd.split(maxsplit=1)[0], pid, task_id
            )
            signal.pidfd_send_signal(descriptor, sig)
            return bool(select.select([descriptor], [], [], max(timeout, pause))[0])
        except ProcessLookupError:
            return True
        finally:
            os.close(descriptor)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
