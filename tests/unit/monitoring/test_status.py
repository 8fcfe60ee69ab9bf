"""One look at a worker; whoever shows it shows the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from koji_adjutant.cli import overview
from koji_adjutant.config import AdjutantOptions, KojidOptions, Settings
from koji_adjutant.monitoring import containers, database, events
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.disks import Disk
from koji_adjutant.monitoring.history import History, open_history
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.status import midnight, worker_status
from koji_adjutant.monitoring.web.api import status_of
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from tests.unit.monitoring.test_journal import created, taken


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    path = database.path_in(tmp_path)
    database.prepare(path)
    with closing(FileJournal(path)) as journal:
        journal.record(events.WorkerStarted(worker_id="w", hub="http://hub", version="1"))
        journal.record(events.WorkerSeen(capacity=4.0, task_load=1.5))
        yield journal


@pytest.fixture
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its rules in full: not every host has a database of time zones."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("central_europe")
def test_a_day_whose_clocks_are_changed() -> None:
    evening = datetime(2026, 3, 29, 18, tzinfo=UTC)
    assert midnight(evening.timestamp()) == datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp()


def test_terminal_and_api_say_the_same(journal: FileJournal, tmp_path: Path) -> None:
    for number, status in ((1, "closed"), (2, "closed"), (3, "failed")):
        journal.record(taken(number))
        journal.record(events.TaskEnded(task_id=number, status=status))  # type: ignore[arg-type]
    for hit in (True, True, False):
        journal.record(events.CacheUsed(task_id=1, kind="root", key="a", hit=hit))
    journal.record(created("4"))
    journal.record(events.ContainerStarted(container="c" * 64))
    adjutant = AdjutantOptions(state_dir=tmp_path, log_dir=tmp_path)
    kojid = KojidOptions(workdir=str(tmp_path), adjutant=adjutant)
    live = LiveContainer("c" * 64, "adjutant", "4", "build", "running", None)
    api = status_of(Sources(journal.path, lambda: [live], lambda: CacheSize(0, 0, 0), kojid.directories))
    with open_history(journal.path) as history:
        terminal = overview.look(Settings(kojid, adjutant), history, recent=9)
    assert terminal.cache_hit_rates == api["cache"]["hit_rates"] == {"root": 0.6667}
    assert terminal.today.completed == api["tasks_completed_today"] == 2
    assert terminal.today.failed == api["tasks_failed_today"] == 1
    assert terminal.containers_active == api["containers_active"] == 1
    assert [disk.path for disk in terminal.disks] == [disk["path"] for disk in api["disk"]]
    assert [disk.total for disk in terminal.disks] == [disk["total_bytes"] for disk in api["disk"]]


@pytest.fixture
def history(journal: FileJournal) -> Iterator[History]:
    with open_history(journal.path) as history:
        yield history


@pytest.mark.parametrize(("free", "reasons"), [(30, []), (29, ["/srv is 97 % full"])])
def test_a_disk_that_is_full(history: History, free: int, reasons: list[str]) -> None:
    health = worker_status(history, [Disk("/srv", 1000, free)]).health
    assert (health.status, list(health.reasons)) == ("degraded" if reasons else "healthy", reasons)


def test_containers_that_run_are_counted_as_they_are_listed(journal: FileJournal) -> None:
    killed, running, removed, unknown, stopped = (letter * 64 for letter in "abcde")
    for container in (killed, running, removed):
        journal.record(created("7", container))
        journal.record(events.ContainerStarted(container=container))
    journal.record(events.ContainerRemoved(container=removed))
    states = {running: "running", removed: "running", unknown: "stopping", stopped: "stopped"}
    live = {name: LiveContainer(name, name, "7", "build", state, None) for name, state in states.items()}
    with open_history(journal.path) as history:
        for engine in (live, {}, None):
            listed = containers.page(history, engine, status="running")
            assert containers.running(history, engine) == listed.total == len(listed.containers)
        assert containers.running(history, live) == 2
