"""What the worker's processes tell the journal, with real forks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.tasks import RefuseTask

from koji_adjutant.config import KojidOptions
from koji_adjutant.container.cgroups import Usage
from koji_adjutant.container.interface import ContainerSpec, DirectoryRoot, Image, ImageRoot, Owner
from koji_adjutant.daemon.monitoring import monitoring
from koji_adjutant.daemon.task_record import recorded
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.errors import BuildFailed
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.history import open_history
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Resources, Task
from koji_adjutant.task_adapters.task_journal import TaskJournal
from tests.unit.daemon.worker_stage import Hub, hub, start, worker

__all__ = ["hub", "worker"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    path = database.path_in(tmp_path)
    database.prepare(path)
    journal = FileJournal(path)
    yield journal
    journal.close()


def task(journal: FileJournal, number: int = 5) -> Task:
    with open_history(journal.path) as history:
        found = history.task(number)
    assert found
    return found


def refuse() -> None:
    raise RefuseTask("not here")


def fail() -> None:
    raise BuildFailed("error building package\ngcc said no")


def give_back() -> None:
    try:
        fail()
    except BuildFailed as error:
        raise RefuseTask("not here") from error


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def lose() -> None:
    raise koji.ActionNotAllowed("host 1 does not own task 5")


def vanish() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (lambda: "result", "closed"),
        (fail, "failed"),
        (refuse, "refused"),
        (give_back, "refused"),
        (stop, "canceled"),
        (lose, "canceled"),
        (vanish, "interrupted"),
    ],
)
def test_how_a_task_ends(
    worker: Worker, hub: Hub, journal: FileJournal, action: Callable[[], Any], status: str
) -> None:
    worker.journal = journal
    worker.tasks[5] = {"arch": "ppc64le"}
    pid = start(worker, hub, action)
    os.waitpid(pid, 0)
    worker.cleanupTask(5, wait=False)
    found = task(journal)
    assert (found.method, found.arch, found.status, found.pid) == ("test", "ppc64le", status, pid)
    assert found.finished_at is not None
    if action in (fail, give_back):
        assert found.failure
        assert (found.failure.failure_class, found.failure.message) == ("build", "gcc said no")


class Asked:
    """A task with a request."""

    id = 5

    def __init__(self, method: str, *params: Any) -> None:
        self.method = method
        self.params, self.opts = koji.decode_args(*params)


@pytest.mark.parametrize(
    ("asked", "source", "tag"),
    [
        (Asked("build", "git://host/pkg#1", "f39", {}), "git://host/pkg#1", "f39"),
        (Asked("buildArch", "tasks/1/a-1-1.src.rpm", 17, "x86_64", True), "a-1-1.src.rpm", "17"),
        (Asked("buildSRPMFromSCM", "https://me:secret@host/x", {"name": "t"}), "https://host/x", "t"),
        (Asked("createrepo", 12, "x86_64", None), "12", None),
        (Asked("build", "a\x1b[31m\ud800\n", "f39"), "a\\x1b[31m\\ud800\n", "f39"),
        (Asked("build", "x" * 5000, None), "x" * 500, None),
        (Asked("build"), None, None),
        (Asked("neverHeardOf", 1), None, None),
        (Asked("chainbuild", [["a"], ["b"]], "f39"), "['a'] ['b']", "f39"),
    ],
)
def test_what_a_task_is_about(
    journal: FileJournal, asked: Asked, source: str | None, tag: str | None
) -> None:
    with recorded(journal, asked, "noarch"):
        pass
    assert (task(journal).source, task(journal).tag) == (source, tag)


class Meter:
    def __init__(self, *readings: Usage) -> None:
        self._readings = list(readings)

    def read(self) -> Usage:
        return self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]


def test_a_task_s_own_record(journal: FileJournal, tmp_path: Path) -> None:
    recorder = TaskJournal(journal, 5)
    with recorded(journal, Asked("buildArch"), "x86_64"):
        recorder.image_resolved(Image("tools", "1", "sha256:1", "amd64", {}))
        recorder.tag_known("f39-build")
        recorder.cache_used("root", "abc", True)
        recorder.uploaded(100)
        with recorder.phase("outer"), recorder.phase("inner"):
            for container, root in ("a" * 64, ImageRoot("1")), ("b" * 64, DirectoryRoot(tmp_path)):
                spec = ContainerSpec(root, ["true"], Owner("5", "w"), "compose")
                recorder.created(container, f"name-{container[0]}", spec)
            recorder.started("a" * 64, Meter(Usage(1.0, 10, 1, 2, 3, 0), Usage(2.0, 20, 1, 2, 3, 0)))
            recorder.started("b" * 64, Meter(Usage(0.5, 15, None, None, 9, 1)))
            assert recorder.resources() == Resources(1.5, 15, 1, 2, 9)
            recorder.exited("a" * 64, 0)
            recorder.removed("a" * 64)
        assert recorder.out_of_memory()
        recorder.exited("b" * 64, None)
        recorder.resources_used()
    found = task(journal)
    assert (found.tag, found.image_digest, found.bytes_uploaded) == ("f39-build", "sha256:1", 100)
    assert found.resources == Resources(2.5, 20, 1, 2, 9)
    with open_history(journal.path) as history:
        assert [(phase.name, phase.depth, phase.ok) for phase in history.phases(5)] == [
            ("outer", 0, True),
            ("inner", 1, True),
        ]
        first, second = history.containers(task_id="5")[::-1]
    assert (first.status, first.exit_code, first.image_digest) == ("removed", 0, "sha256:1")
    assert (second.status, second.image) == ("exited", None)


def test_what_the_hub_says_about_this_host(worker: Worker, hub: Hub, journal: FileJournal) -> None:
    worker.journal = journal
    hub.answers["host.getTasks"] = []
    hub.answers["host.getHost"] = {"id": 1, "enabled": True, "capacity": 3.0}
    with monitoring(options_of(worker, journal)):
        worker.getNextTask()
        assert recorded_state(journal) == (3.0, None, None)
        worker.options.minspace = 1 << 40
        worker.getNextTask()
        problem = recorded_state(journal)[1]
        assert problem
        assert problem.startswith("Insufficient disk space")
        hub.answers["host.getHost"] = {"id": 1, "enabled": False, "capacity": 3.0}
        worker.getNextTask()
        assert recorded_state(journal) == (3.0, None, "Host is disabled")


def options_of(worker: Worker, journal: FileJournal) -> KojidOptions:
    options: KojidOptions = worker.options
    options.adjutant = replace(options.adjutant, state_dir=journal.path.parent)
    return options


def recorded_state(journal: FileJournal) -> tuple[float | None, str | None, str | None]:
    with open_history(journal.path) as history:
        found = history.worker()
    assert found
    return found.capacity, found.problem, found.draining


def test_an_unusable_journal_stops_nobody(options: KojidOptions, caplog: pytest.LogCaptureFixture) -> None:
    options.adjutant.state_dir.write_text("a file")
    with monitoring(options) as watched:
        watched.tend(idle=True)
    assert "There is no monitoring: the journal" in caplog.text


def test_monitoring_can_be_off(options: KojidOptions) -> None:
    options.adjutant = replace(options.adjutant, monitoring_enabled=False)
    with monitoring(options) as watched:
        watched.tend(idle=True)
    assert not options.adjutant.state_dir.exists()
