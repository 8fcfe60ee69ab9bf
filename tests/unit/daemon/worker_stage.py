"""A worker that really forks, before a hub and an engine that are scripts."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.tasks import BaseTaskHandler

from koji_adjutant.config import KojidOptions
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerState
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.daemon.worker import Worker
from tests.support.scripted_hub import ScriptedHub

LONG = 600


class Containers:
    """An engine with some containers in it."""

    def __init__(self) -> None:
        self.present: dict[str, dict[str, str]] = {}

    def add(self, name: str, **labels: str) -> None:
        self.present[name] = {LABEL_PREFIX + key: value for key, value in labels.items()}

    def list_containers(self, labels: dict[str, str]) -> list[ContainerState]:
        return [
            ContainerState(name, name, "running", None, has)
            for name, has in self.present.items()
            if labels.items() <= has.items()
        ]

    def remove(self, container: str) -> None:
        del self.present[container]


class Hub(ScriptedHub):
    """``said`` is a file to which the task's process writes what it tells the hub."""

    def __init__(self, said: Path, **answers: Any) -> None:
        super().__init__(
            host__getID=1,
            getSessionInfo={"start_ts": 0},
            host__closeTask=lambda _id, _response: said.write_text("closed"),
            host__failTask=lambda _id, response: said.write_text(response),
            host__getHostTasks=[],
            getTaskInfo={"state": koji.TASK_STATES["CLOSED"], "host_id": 1},
            **answers,
        )
        self.sinfo = {"session-id": 99}

    def subsession(self) -> Hub:
        return self


class Task(BaseTaskHandler):  # type: ignore[misc]
    Methods = ["test"]  # noqa: RUF012

    def __init__(self, hub: Hub, options: KojidOptions, action: Callable[[], Any]) -> None:
        super().__init__(5, "test", [], hub, options)
        self.handler = action


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path / "said")


@pytest.fixture
def worker(hub: Hub, options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))  # a busy machine takes no task
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    wakeup = Wakeup()
    worker = Worker(options, hub, wakeup)
    worker.containers = Containers()  # type: ignore[assignment]
    wakeup.listen_to_signals()
    yield worker
    wakeup.ignore_signals()
    wakeup.close()
    signal.signal(signal.SIGCHLD, before)


def start(worker: Worker, hub: Hub, action: Callable[[], Any]) -> int:
    """Fork the task; its process id."""
    pid, session = worker.forkTask(Task(hub, worker.options, action))
    assert (worker.pids, worker.subsessions, session) == ({5: pid}, {5: 99}, 99)
    return pid


def wait_until_reaped(worker: Worker) -> None:
    deadline = time.monotonic() + LONG
    while worker.pids and time.monotonic() < deadline:
        worker.updateTasks()
    assert worker.pids == {}
