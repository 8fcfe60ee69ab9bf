from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.history import _NEWEST_FIRST, TaskFilter, open_history
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Failure, Resources

CONTAINER = "c" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / database.NAME
    database.prepare(file)
    return file


@pytest.fixture
def journal(path: Path) -> Iterator[FileJournal]:
    with closing(FileJournal(path)) as journal:
        yield journal


def taken(task_id: int = 7, **more: object) -> events.TaskTaken:
    values = {"method": "buildArch", "arch": "x86_64", "tag": "f39-build", "source": "hello-1-1.src.rpm"}
    return events.TaskTaken(task_id=task_id, **values | more)  # type: ignore[arg-type]


def created(task_id: str = "7", container: str = CONTAINER) -> events.ContainerCreated:
    return events.ContainerCreated(
        container_id=container,
        task_id=task_id,
        name=f"adjutant-{container[:8]}",
        role="build",
        image=None,
        image_digest=None,
        command=["/bin/true", "--", "\n<b>"],
        workdir="/builddir",
        user="0:0",
        network="none",
        mounts=["/a:/b:ro"],
        memory_limit=4096,
    )


def test_a_task_is_followed_from_beginning_to_end(journal: FileJournal) -> None:
    journal.record(taken(at=100.0))
    journal.record(events.ImageResolved(task_id=7, image="tools:latest", digest="sha256:1"))
    journal.record(events.PhaseStarted(task_id=7, number=0, depth=0, name="chroot init", at=101.0))
    journal.record(events.PhaseStarted(task_id=7, number=1, depth=1, name="compose", at=102.0))
    with open_history(journal.path) as history:
        running = history.task(7)
        assert running
        assert running.running
        assert running.progress.stage == "compose"
    journal.record(events.PhaseEnded(task_id=7, number=1, ok=True, at=103.0))
    journal.record(events.CacheUsed(task_id=7, kind="root", key="abc", hit=False))
    journal.record(events.Uploaded(task_id=7, size=10))
    journal.record(events.Uploaded(task_id=7, size=5))
    journal.record(events.ResourcesUsed(task_id=7, resources=Resources(cpu_seconds=1.5, pids_peak=9)))
    failure = Failure("build", "gcc said no", ("error: no",))
    journal.record(events.TaskEnded(task_id=7, status="failed", failure=failure, at=110.0))
    journal.record(events.TaskEnded(task_id=7, status="interrupted", at=120.0))
    with open_history(journal.path) as history:
        task = history.task(7)
        assert task
        assert (task.status, task.finished_at, task.failure) == ("failed", 110.0, failure)
        assert (task.image_digest, task.bytes_uploaded) == ("sha256:1", 15)
        assert task.resources == Resources(cpu_seconds=1.5, pids_peak=9)
        assert task.progress.percent == 100
        outer, inner = history.phases(7)
        assert (outer.name, outer.depth, outer.finished_at, outer.ok) == ("chroot init", 0, 110.0, False)
        assert (inner.name, inner.depth, inner.finished_at, inner.ok) == ("compose", 1, 103.0, True)
        assert [(use.kind, use.hit) for use in history.cache_uses(7)] == [("root", False)]
        assert history.totals()["tasks_finished"] == {("buildArch", "failed"): 1}
        (series,) = history.durations("phase_seconds")
        assert (series.labels, sum(series.counts), series.seconds) == (["buildArch", "other"], 1, 1.0)


def test_another_try_takes_the_place_of_the_former(journal: FileJournal) -> None:
    journal.record(taken(at=100.0))
    journal.record(events.PhaseStarted(task_id=7, number=0, depth=0, name="chroot init"))
    journal.record(events.TaskEnded(task_id=7, status="refused"))
    journal.record(taken(at=200.0))
    with open_history(journal.path) as history:
        assert history.phases(7) == []
        assert [task.started_at for task in history.tasks()] == [200.0]


def test_a_container_s_life(journal: FileJournal) -> None:
    journal.record(created())
    name = f"adjutant-{CONTAINER[:8]}"
    journal.record(events.ContainerStarted(container=CONTAINER, at=5.0))
    with open_history(journal.path) as history:
        assert history.count_containers(status="running") == 1
    journal.record(events.ContainerExited(container=name, exit_code=3, at=6.0))
    journal.record(events.ContainerRemoved(container=name, at=7.0))
    with open_history(journal.path) as history:
        container = history.container(CONTAINER[:12])
        assert container
        assert container == history.container(name)
        assert history.container(CONTAINER[:11]) is None
        assert (container.status, container.exit_code, container.finished_at) == ("removed", 3, 6.0)
        assert container.command == ("/bin/true", "--", "\n<b>")
        assert history.containers(task_id="7") == [container]
        assert history.containers(task_id="8") == []


def test_filters_and_paging(journal: FileJournal) -> None:
    for number in range(5):
        journal.record(taken(number, at=float(number), source=f"Package-{number}", arch="noarch"))
        journal.record(events.TaskEnded(task_id=number, status="closed"))
    journal.record(taken(9, at=-1.0))
    with open_history(journal.path) as history:
        assert [task.task_id for task in history.tasks(limit=2)] == [9, 4]
        assert [task.task_id for task in history.tasks(limit=2, offset=2)] == [3, 2]
        assert [task.task_id for task in history.tasks(TaskFilter(search="package-3"))] == [3]
        assert [task.task_id for task in history.tasks(TaskFilter(status="running"))] == [9]
        assert history.count_tasks(TaskFilter(arch="noarch", since=3.0)) == 2


def test_progress_is_estimated_from_earlier_tasks(journal: FileJournal) -> None:
    now = time.time()
    journal.record(taken(1, at=now - 2000))
    journal.record(events.TaskEnded(task_id=1, status="closed", at=now - 1000))
    journal.record(taken(2, at=now - 500))
    journal.record(taken(3, at=now - 5000))
    journal.record(taken(4, at=now, method="createrepo"))
    with open_history(journal.path) as history:
        percents = {task.task_id: task.progress.percent for task in history.tasks()}
    assert percents[2] in range(50, 95)
    assert percents[3] == 99
    assert percents[4] is None


def _record_many(path: Path, first: int) -> None:
    journal = FileJournal(path)
    for number in range(first, first + 50):
        journal.record(taken(number))
        journal.record(events.Uploaded(task_id=number, size=1))


def test_many_processes_write_at_once(journal: FileJournal) -> None:
    journal.record(taken(10**6))  # the children inherit a journal that is in use
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_record_many, args=(journal.path, 100 * n)) for n in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    with open_history(journal.path) as history:
        assert history.count_tasks() == 201
        assert history.totals()["bytes_uploaded"] == {(): 200}


def test_what_was_recorded_outlives_a_kill(journal: FileJournal) -> None:
    journal.record(taken(1))
    child = os.fork()
    if not child:
        journal.record(taken(2))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    journal.record(events.WorkerStarted())
    with open_history(journal.path) as history:
        assert {task.task_id: task.status for task in history.tasks()} == {1: "interrupted", 2: "interrupted"}


def test_trouble_is_said_once_and_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koji_adjutant.monitoring.journal.PAUSE", 0.0)
    journal = FileJournal(tmp_path / "missing" / database.NAME)
    journal.record(taken())
    journal.record(taken())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    monkeypatch.setattr("koji_adjutant.monitoring.journal.PAUSE", 3600.0)
    journal.record(taken())
    (tmp_path / "missing").mkdir()
    database.prepare(journal.path)
    journal.record(taken())
    with open_history(journal.path) as history:
        assert history.count_tasks() == 0, "it should not have been tried again so soon"


def test_a_locked_journal_keeps_nobody_waiting(journal: FileJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.001)
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal.record(taken())
    other.execute("ROLLBACK")
    other.close()
    with open_history(journal.path) as history:
        assert history.count_tasks() == 0


@pytest.mark.parametrize(("text", "count"), [("\ud800", 1), ("\x00<script>", 2), ("a" * 10**6, 2)])
def test_text_of_any_kind(journal: FileJournal, text: str, count: int) -> None:
    journal.record(taken(source=text))
    journal.record(taken(8))
    with open_history(journal.path) as history:
        assert len(history.tasks()) == count


def test_a_damaged_journal_is_put_aside(path: Path) -> None:
    path.write_bytes(b"this is no database, " * 1000)
    database.prepare(path)
    with closing(FileJournal(path)) as journal:
        journal.record(taken())
    with open_history(path) as history:
        assert history.count_tasks() == 1
    assert [file for file in path.parent.iterdir() if ".sqlite." in file.name]


def test_a_journal_of_another_version_is_put_aside_and_not_read(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="another version"), open_history(path):
        pass
    database.prepare(path)
    with open_history(path) as history:
        assert history.tasks() == []


def test_pruning_takes_history_but_no_totals(journal: FileJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koji_adjutant.monitoring.journal.PRUNE_BATCH", 2)
    for number in range(5):
        journal.record(taken(number, at=1.0))
        journal.record(events.PhaseStarted(task_id=number, number=0, depth=0, name="chroot init"))
        journal.record(events.TaskEnded(task_id=number, status="closed", at=10.0 + number))
    journal.record(taken(9, at=1.0))
    journal.record(created())
    journal.record(created(container="d" * 64))
    journal.record(events.ContainerRemoved(container=CONTAINER))
    journal.prune(tasks_before=14.0, containers_before=time.time() + 1)
    with open_history(journal.path) as history:
        assert {task.task_id for task in history.tasks()} == {4, 9}
        assert history.phases(0) == []
        assert history.totals()["tasks_finished"] == {("buildArch", "closed"): 5}
        assert [container.container_id[0] for container in history.containers()] == ["d"]


def write_much(journal: FileJournal, first: int) -> None:
    for number in range(first, first + 100):
        journal.record(taken(number, source="x" * 2000))


def test_the_write_ahead_log_stays_short_whatever_is_written_and_read(journal: FileJournal) -> None:
    """A reader that is in the middle of something every other time keeps it from being emptied just then."""
    beyond, sizes = 64 << 10, []
    for number in range(0, 1000, 100):
        write_much(journal, number)
        with closing(database.open_reader(journal.path)) as reader:
            if number % 200 == 0:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM tasks").fetchone()
            write_much(journal, number)
            journal.checkpoint(beyond)
            sizes.append(database.unmerged_bytes(journal.path))
    assert sizes[1::2] == [0] * 5
    assert max(sizes[2:]) <= 2 * sizes[0]
    with open_history(journal.path) as history:
        assert history.count_tasks() == 1000


def test_little_is_left_in_the_write_ahead_log(journal: FileJournal) -> None:
    journal.record(taken())
    size = database.unmerged_bytes(journal.path)
    journal.checkpoint(size)
    assert database.unmerged_bytes(journal.path) == size
    journal.checkpoint(size - 1)
    assert database.unmerged_bytes(journal.path) == 0


def test_a_writer_in_the_middle_of_something_is_not_waited_for(journal: FileJournal) -> None:
    journal.record(taken())
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        journal.checkpoint(0)
        assert database.unmerged_bytes(journal.path) > 0
        writer.execute("ROLLBACK")
    journal.checkpoint(0)
    assert database.unmerged_bytes(journal.path) == 0


def test_a_journal_that_is_gone_is_not_made_by_tidying(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / database.NAME)
    journal.checkpoint(0)
    assert list(tmp_path.iterdir()) == []


def test_another_hub_s_tasks_are_forgotten(journal: FileJournal) -> None:
    journal.record(events.WorkerStarted(worker_id="hub-host1"))
    journal.record(taken())
    journal.record(created())
    journal.record(events.WorkerStarted(worker_id="hub-host1"))
    with open_history(journal.path) as history:
        assert history.count_tasks() == 1
        before = history.totals()
    journal.record(events.WorkerStarted(worker_id="other-host7"))
    with open_history(journal.path) as history:
        assert (history.count_tasks(), history.containers()) == (0, [])
        assert history.totals() == before
        worker = history.worker()
    assert worker
    assert worker.worker_id == "other-host7"


def test_a_journal_of_an_earlier_release_is_read_on_and_gets_newer_indexes(journal: FileJournal) -> None:
    journal.record(taken())
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("DROP INDEX tasks_by_status_newest_first")
        connection.execute("CREATE INDEX tasks_by_status ON tasks (status)")
    journal.close()
    database.prepare(journal.path)
    with open_history(journal.path) as history:
        assert history.count_tasks() == 1
    with closing(sqlite3.connect(journal.path)) as connection:
        indexes = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        }
    assert "tasks_by_status_newest_first" in indexes
    assert "tasks_by_status" not in indexes


@pytest.mark.parametrize(
    "wanted", [TaskFilter(), TaskFilter(status="failed"), TaskFilter(method="buildArch")]
)
def test_no_page_of_tasks_takes_sorting_all_of_them(journal: FileJournal, wanted: TaskFilter) -> None:
    where, values = wanted.sql(page=True)
    query = f"EXPLAIN QUERY PLAN SELECT * FROM tasks{where} {_NEWEST_FIRST} LIMIT 50"  # noqa: S608
    with closing(sqlite3.connect(journal.path)) as connection:
        plan = [row[3] for row in connection.execute(query, values)]
    assert len(plan) == 1
    assert "newest_first" in plan[0]
