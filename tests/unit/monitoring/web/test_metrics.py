from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from koji_adjutant.monitoring import events
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Failure, Resources
from tests.unit.monitoring.test_journal import created, taken

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(url: str, path: str = "/metrics") -> Samples:
    answer = requests.get(url + path, timeout=60)
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name.removeprefix("koji_adjutant_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def a_task(journal: FileJournal, number: int, source: str = "hello-1-1.src.rpm") -> None:
    journal.record(taken(number, source=source, at=1000.0))
    journal.record(
        events.PhaseStarted(task_id=number, number=0, depth=0, name=f"rpmbuild {source}", at=1000.0)
    )
    journal.record(events.PhaseEnded(task_id=number, number=0, ok=True, at=1004.0))
    journal.record(created(str(number), f"{number:064x}"))
    journal.record(events.ContainerRemoved(container=f"{number:064x}"))
    journal.record(events.TaskEnded(task_id=number, status="closed", at=1007.0))


def test_what_is_counted(url: str, journal: FileJournal) -> None:
    journal.record(events.WorkerStarted(worker_id="w", hub="http://hub", version="1"))
    journal.record(events.WorkerSeen(capacity=4, task_load=1.5))
    a_task(journal, 1)
    journal.record(taken(2))
    journal.record(events.CacheUsed(task_id=2, kind="root", key="k", hit=True))
    journal.record(events.Uploaded(task_id=2, size=10))
    journal.record(events.ResourcesUsed(task_id=2, resources=Resources(cpu_seconds=1.5)))
    journal.record(events.TaskEnded(task_id=2, status="failed", failure=Failure("build", "no")))
    journal.record(taken(3))
    samples = scrape(url)
    build = ("method", "buildArch")
    assert samples["tasks_taken_total", (build,)] == 3
    assert samples["tasks_finished_total", (build, ("status", "closed"))] == 1
    assert samples["task_failures_total", (("class", "build"), build)] == 1
    assert samples["tasks_running", ()] == 1
    assert samples["containers_created_total", (("role", "build"),)] == 1
    assert samples["cache_uses_total", (("kind", "root"), ("result", "hit"))] == 1
    assert samples["bytes_uploaded_total", ()] == 10
    assert samples["cpu_seconds_total", ()] == 1.5
    assert samples["task_seconds_bucket", (("le", "5.0"), build)] == 1  # the failed one
    assert samples["task_seconds_bucket", (("le", "10.0"), build)] == 2
    assert samples["phase_seconds_sum", (build, ("stage", "rpmbuild"))] == 4
    assert samples["status", (("status", "healthy"),)] == 1
    assert (samples["capacity", ()], samples["task_load", ()]) == (4, 1.5)
    assert samples["cache_size_bytes", ()] == 1500
    assert scrape(url, "/api/v1/metrics").keys() == samples.keys()


def test_pruning_lowers_no_counter(url: str, journal: FileJournal) -> None:
    a_task(journal, 1)
    before = scrape(url)
    journal.prune(time.time(), time.time())
    after = scrape(url)
    assert {key: value for key, value in after.items() if "disk" not in key[0]} == {
        key: value for key, value in before.items() if "disk" not in key[0]
    }


def test_series_do_not_grow_with_packages(url: str, journal: FileJournal) -> None:
    a_task(journal, 1)
    before = len(scrape(url))
    for number in range(2, 30):
        a_task(journal, number, f"package{number}-1-1.src.rpm")
    assert len(scrape(url)) == before


@pytest.fixture
def long_history(journal: FileJournal) -> Path:
    """Ten thousand finished tasks."""
    a_task(journal, 1)
    with sqlite3.connect(journal.path) as connection:
        columns = "method, arch, tag, source, status, started_at, finished_at"
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"  # noqa: S608
            f" INSERT INTO tasks (task_id, {columns}) SELECT i, {columns} FROM n, tasks WHERE task_id = 1"
        )
    return journal.path


@pytest.mark.usefixtures("long_history")
def test_a_long_history_is_no_matter(url: str) -> None:
    """Nothing that a scrape asks may look at every task: the steps that SQLite takes are counted."""
    assert requests.get(f"{url}/api/v1/tasks?limit=1", timeout=60).json()["total"] == 10_000
    assert scrape(url)["tasks_running", ()] == 0
