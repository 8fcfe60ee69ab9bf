"""Processes of a worker, to be killed, and a task that lasts until a test ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress

from koji_adjutant.cli.history import worker_history
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.monitoring.records import WorkerRecord
from tests.hub.builder import ARCH
from tests.hub.farm import Farm, start_worker
from tests.hub.names import unique
from tests.support.nothing_left import Machine, assert_no_defunct_children
from tests.support.processes import is_alive, with_argument, with_descendants
from tests.support.waiting import until

WAIT = "echo tried >> /mnt/shared/{name}.tries; until [ -e /mnt/shared/{name}.end ]; do sleep 0.1; done"


class LongTask:
    """A runroot task, with all that a build has: a root, an overlay, a container in which a command runs."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        name = unique("long")
        self._tries = farm.directory / "mounted" / "shared" / f"{name}.tries"
        command = ["sh", "-c", WAIT.format(name=name)]
        self.id = int(farm.admin.runroot(farm.build_tag, ARCH, command, mounts=["/mnt/shared"]))
        self.until_tried(1)

    @property
    def tries(self) -> int:
        return self._tries.read_text().count("\n") if self._tries.exists() else 0

    def until_tried(self, times: int) -> None:
        """Wait until the command runs for the so-manieth time."""
        until(lambda: self.tries >= times, f"task {self.id} runs\n{self._farm.log_tail()}")

    def end(self) -> None:
        """Let the command end, and wait for the task."""
        self._tries.with_suffix(".end").touch()
        self._farm.closed(self.id)


class Victims:
    """What can be killed of a farm's worker."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def worker_id(self) -> str:
        return self._record().worker_id

    def worker(self) -> int:
        """Return the process that takes tasks."""
        pid = self._record().pid
        assert pid is not None
        return pid

    def task(self, task_id: int) -> int:
        """Return the process that does the task."""
        with worker_history(self._farm.state) as history:
            task = history.task(task_id)
        assert task is not None
        assert task.pid is not None
        return task.pid

    def service(self) -> set[int]:
        """Return podman's service."""
        return with_argument(PodmanService(self._farm.state).socket)

    def all(self) -> set[int]:
        """Return all that goes down with the machine: worker, service, containers, and whatever they have
        started."""
        storage = str(PodmanService(self._farm.state).directory / "storage")
        return with_descendants({self.worker(), *self.service(), *with_argument(storage)})

    def monitors(self, task_id: int) -> list[int]:
        """Return the conmon of each of the task's containers."""
        return [
            pid
            for container in self._farm.engine.list_containers({"io.koji.adjutant.task_id": str(task_id)})
            for pid in with_argument(container.id)
        ]

    def kill(self, pids: Iterable[int]) -> None:
        """SIGKILL all of them at once: none sees another one's end."""
        pids = list(pids)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            _send(number, pids)
        until(lambda: not any(map(is_alive, pids)), "they are dead")

    def kill_all(self) -> None:
        """SIGKILL all that goes down with the machine, at once.

        What was started while the others were being stopped is found in a further round.
        """
        stopped: set[int] = set()
        while more := self.all() - stopped:
            _send(signal.SIGSTOP, more)
            stopped |= more
        self.kill(stopped)

    def launch_worker(self) -> int:
        """Start the worker again, and do not wait for it. Returns its process."""
        process = start_worker(self._farm)
        self._started.append(process)
        return process.pid

    def start_worker(self) -> int:
        """Start the worker again, and wait until it has asked the hub. Returns its process."""
        pid = self.launch_worker()

        def looks() -> bool:
            record = self._record()
            return record.pid == pid and record.seen_at is not None

        until(looks, f"the worker has started\n{self._farm.log_tail()}")
        return pid

    def until_seen(self) -> None:
        """Wait until the worker has written to the journal once more."""
        before = self._record().seen_at
        until(
            lambda: self._record().seen_at != before, f"the worker looks at the hub\n{self._farm.log_tail()}"
        )

    def problem(self) -> str | None:
        """Return what the worker says is wrong with it."""
        return self._record().problem

    def assert_done_again(self, task: LongTask, machine: Machine) -> None:
        """Wait for the second try at a task, and let it end: there is no third one, and nothing is left."""
        worker = self.worker()
        task.until_tried(2)
        task.end()
        machine.assert_nothing_left()
        assert task.tries == 2
        assert_no_defunct_children(worker)
        assert self.worker() == worker

    def stop(self) -> None:
        """End the workers that were started."""
        for process in self._started:
            process.terminate()
            process.wait()

    def _record(self) -> WorkerRecord:
        with worker_history(self._farm.state) as history:
            record = history.worker()
        assert record is not None
        return record


def _send(number: int, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
