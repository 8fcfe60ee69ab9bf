from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from koji_adjutant.monitoring import database, events
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
    journal.record(taken(2, at=1000.0))
    journal.record(events.CacheUsed(task_id=2, kind="root", key="k", hit=True))
    journal.record(events.RootMadeReady(result="composed"))
    journal.record(events.DamageFound(kind="layer"))
    journal.record(events.Uploaded(task_id=2, size=10))
    journal.record(events.ResourcesUsed(task_id=2, resources=Resources(cpu_seconds=1.5)))
    journal.record(events.TaskEnded(task_id=2, status="failed", failure=Failure("build", "no"), at=1003.0))
    journal.record(taken(3))
    samples = scrape(url)
    build = ("method", "buildArch")
    assert samples["tasks_taken_total", (build,)] == 3
    assert samples["tasks_finished_total", (build, ("status", "closed"))] == 1
    assert samples["task_failures_total", (("class", "build"), build)] == 1
    assert samples["tasks_running", ()] == 1
    assert samples["containers_created_total", (("role", "build"),)] == 1
    assert samples["cache_uses_total", (("kind", "root"), ("result", "hit"))] == 1
    assert samples["roots_made_ready_total", (("result", "composed"),)] == 1
    assert samples["damage_found_total", (("kind", "layer"),)] == 1
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


Opener = Callable[[Path], sqlite3.Connection]


class Steps:
    """Counts the steps (in hundreds) that SQLite takes for whatever is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        monkeypatch.setattr(database, "open_reader", self._opening(database.open_reader))

    def _opening(
        self, open_reader: Callable[[Path], sqlite3.Connection]
    ) -> Callable[..., sqlite3.Connection]:
        def opened(path: Path) -> sqlite3.Connection:
            connection = open_reader(path)
            connection.set_progress_handler(self._step, 100)
            return connection

        return opened

    def _step(self) -> int:
        self.taken += 1
        return 0

    def of(self, url: str) -> int:
        self.taken = 0
        assert requests.get(url, timeout=60).status_code == 200
        return self.taken


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/tasks", "/api/v1/containers", "/tasks/1"])
def test_a_long_history_costs_nothing(
    url: str, journal: FileJournal, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Ten thousand finished tasks, and as many containers, that nothing looks at."""
    for number in range(1, 31):  # a page full
        a_task(journal, number)
    steps = Steps(monkeypatch)
    few = steps.of(url + path)
    columns = "method, arch, tag, source, status, started_at, finished_at"
    many = "WITH RECURSIVE n(i) AS (SELECT 31 UNION ALL SELECT i + 1 FROM n WHERE i < 10030)"
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        insert = f"{many} INSERT INTO tasks (task_id, {columns})"
        connection.execute(f"{insert} SELECT i, {columns} FROM n, tasks WHERE task_id = 1")  # noqa: S608
        found = connection.execute("SELECT * FROM containers LIMIT 1")
        rest = ", ".join(
            column[0] for column in found.description if column[0] not in ("container_id", "task_id")
        )
        insert = f"{many} INSERT INTO containers (container_id, task_id, {rest})"
        one = "(SELECT * FROM containers LIMIT 1)"
        connection.execute(f"{insert} SELECT i, 'of ' || i, {rest} FROM n, {one}")  # noqa: S608
    counting = 10_000 * 6 / 100 if path != "/metrics" else 0  # pages say how many there are
    assert steps.of(url + path) < 2 * few + counting + 20
