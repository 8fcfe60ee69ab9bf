"""Subtasks that this worker's tasks make for this worker, past the hub's scheduler (docs/adr/0039)."""

from __future__ import annotations

import contextlib
import logging
import os
import struct
from collections.abc import Callable, Collection, Mapping
from typing import Any

import koji

from koji_adjutant.config.adjutant import AssignSubtasks
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import TaskRow

logger = logging.getLogger(__name__)

METHODS: Mapping[AssignSubtasks, frozenset[str]] = {
    "none": frozenset(),
    "tag": frozenset({"tagBuild"}),
    "own": frozenset(
        {
            "buildArch",
            "buildSRPMFromSCM",
            "createdistrepo",
            "createrepo",
            "rebuildSRPM",
            "tagBuild",
            "waitrepo",
        }
    ),
}
"""What may be assigned. Never ``build``: the hub spreads the builds of a chain over the farm."""

ASSIGNED, OPEN = koji.TASK_STATES["ASSIGNED"], koji.TASK_STATES["OPEN"]

RECORD = struct.Struct("=qq")
"""Of the pipe: the parent's id, and the subtask's; instead of that one of the two below."""
BEING_MADE = 0
NOT_MADE = -1


class OwnSubtasks:
    """Assigns subtasks to this host when they are made, and gives the hub those that do not fit after all.

    The tasks' processes make them, and say so through a pipe that they have inherited; the worker's process
    takes them. A task that the hub, or an admin, has assigned is none of ours, and stays as it is.
    """

    def __init__(self, host_id: int, assign: AssignSubtasks, wakeup: Wakeup) -> None:
        self._host_id = host_id
        self._methods = METHODS[assign]
        self._wakeup = wakeup
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._being_made: set[int] = set()
        self._made: dict[int, int] = {}
        """By the subtask its parent."""

    def make(self, subtask: Callable[..., int], arches: str, **options: Any) -> int:
        """Make a subtask, in the parent's process, for this host if it may have it. Returns its id.

        ``subtask`` is host.subtask, ``options`` are its. ``arches`` are the host's, separated by spaces.
        """
        has_arch = options.get("arch", "noarch") in ("noarch", *arches.split())
        if (
            options["method"] not in self._methods
            or not has_arch
            or not self._tell(options["parent"], BEING_MADE)
        ):
            return subtask(**options)
        made = NOT_MADE
        try:
            made = subtask(**options, assign=self._host_id)
            return made
        finally:
            self._tell(options["parent"], made)
            self._wakeup.poke()

    def _tell(self, parent: int, subtask: int) -> bool:
        try:
            os.write(self._write, RECORD.pack(parent, subtask))
        except BlockingIOError:  # thousands wait: one more is the hub's
            return False
        return True

    def listen(self, running: Collection[int]) -> None:
        """Learn what the processes of the ``running`` tasks have made; forget what runs, and who does not."""
        with contextlib.suppress(BlockingIOError):
            while told := os.read(self._read, 1024 * RECORD.size):
                for parent, subtask in RECORD.iter_unpack(told):
                    self._note(parent, subtask)
        self._being_made &= set(running)
        for task_id in self._made.keys() & set(running):
            del self._made[task_id]

    def _note(self, parent: int, subtask: int) -> None:
        if subtask == BEING_MADE:
            self._being_made.add(parent)
            return
        self._being_made.discard(parent)
        if subtask != NOT_MADE:
            self._made[subtask] = parent

    @property
    def made(self) -> frozenset[int]:
        """Those that were made and have not been taken or given to the hub."""
        return frozenset(self._made)

    @property
    def parents(self) -> frozenset[int]:
        """The tasks that have made one of those, or make one now."""
        return frozenset(self._made.values()) | self._being_made

    def belongs_elsewhere(self, session: HubSession, task: Mapping[str, Any]) -> bool:
        """Return whether a subtask of ours is in a channel that is not this host's: the hub's policy decides.

        Asked while one is being made, it may be that one, or may not; the next look will show.
        """
        if task["id"] not in self._made and not self._being_made:
            return False
        return not self._has_channel(session, task["channel_id"])

    def hand_back(self, session: HubSession, subtasks: Collection[int], *, soon: bool = False) -> None:
        """Free what has not been taken, so that the hub's scheduler finds a host for it.

        ``soon``: this host will have room for them, so it keeps those that nobody else could take. A hub
        frees for a builder only what it has opened; a refusal would keep it from this host for a while. What
        fails is tried again at the next look.
        """
        for task_id in subtasks:
            row = session.getTaskInfo(task_id)
            if row and row["host_id"] == self._host_id and row["state"] in (ASSIGNED, OPEN):
                if soon and not self._is_for_others(session, row):
                    continue
                logger.info("Task %d is the hub's to assign", task_id)
                session.host.openTask(task_id)
                session.host.freeTasks([task_id])
            self._made.pop(task_id, None)

    def _is_for_others(self, session: HubSession, task: TaskRow) -> bool:
        ready = session.listHosts(channelID=task["channel_id"], ready=True, enabled=True)
        others = [host for host in ready if host["id"] != self._host_id]
        fitting = any(task["arch"] in ("noarch", *host["arches"].split()) for host in others)
        return fitting or not self._has_channel(session, task["channel_id"])

    def _has_channel(self, session: HubSession, channel_id: int) -> bool:
        channels = session.listChannels(hostID=self._host_id, enabled=True)
        return channel_id in {channel["id"] for channel in channels}

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
