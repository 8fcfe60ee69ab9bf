"""Which build is done once more, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from koji_adjutant.buildroot.repository.download import PassingError
from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon import reproducer
from koji_adjutant.daemon.reproducer import LATELY, LENGTH, TRIES, reproduce_next
from koji_adjutant.errors import DamagedEntryError, DiskFull, HubError, NotFound
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.events import TaskEnded, TaskTaken
from koji_adjutant.monitoring.history import open_history
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Reproduction


@pytest.fixture
def journal(options: KojidOptions) -> Iterator[FileJournal]:
    path = database.path_in(options.adjutant.state_dir)
    database.prepare(path)
    with closing(FileJournal(path)) as journal:
        yield journal


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tasks whose builds were done once more, each with the same outcome."""
    tasks: list[int] = []

    def reproduce(_options: KojidOptions, _journal: object, task_id: int) -> tuple[str, list[str]]:
        tasks.append(task_id)
        return "identical", ["1 of 1 packages came out the same"]

    monkeypatch.setattr(reproducer, "_reproduce", reproduce)
    return tasks


def ended(
    journal: FileJournal, task_id: int, at: float, method: str = "buildArch", status: str = "closed"
) -> None:
    journal.record(TaskTaken(task_id=task_id, method=method, arch="x86_64", at=at))
    journal.record(TaskEnded(task_id=task_id, status=status, at=at))  # type: ignore[arg-type]


def kept(options: KojidOptions, task_id: int) -> Reproduction | None:
    with open_history(database.path_in(options.adjutant.state_dir)) as history:
        return history.reproduction(task_id)


def test_builds_of_late_that_went_well_the_newest_first(
    options: KojidOptions, journal: FileJournal, tried: list[int]
) -> None:
    now = time.time()
    ended(journal, 1, now - LATELY - 60)
    ended(journal, 2, now - 200)
    ended(journal, 3, now - 100)
    ended(journal, 4, now, status="failed")
    ended(journal, 5, now, method="buildSRPMFromSCM")
    journal.record(TaskTaken(task_id=6, method="buildArch", arch="x86_64"))
    for _look in range(4):
        reproduce_next(options, journal)
    assert tried == [3, 2]
    found = kept(options, 3)
    assert found
    assert (found.tries, found.verdict) == (1, "identical")
    assert found.words == ("1 of 1 packages came out the same",)


def fail(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    def reproduce(*_given: object) -> None:
        raise problem

    monkeypatch.setattr(reproducer, "_reproduce", reproduce)


def test_a_build_that_cannot_be_done_again(
    options: KojidOptions, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(journal, 7, time.time())
    fail(monkeypatch, NotFound("A package of task 7 is not on the hub any more" + " " * 10_000))
    reproduce_next(options, journal)
    found = kept(options, 7)
    assert found
    assert (found.tries, found.verdict) == (1, "failed")
    assert found.words[0].strip() == "A package of task 7 is not on the hub any more"
    assert len(found.words[0]) == LENGTH


@pytest.mark.parametrize(
    "problem",
    [
        HubError("no answer"),
        OSError("no space"),
        DiskFull("no space"),
        PassingError("the mirror is away"),
        DamagedEntryError("of the store"),
        SystemExit(1),
    ],
)
def test_what_may_go_well_the_next_time_is_tried_thrice(
    options: KojidOptions, journal: FileJournal, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    ended(journal, 7, time.time())
    fail(monkeypatch, problem)
    for _look in range(2):
        with suppress(SystemExit):
            reproduce_next(options, journal)
    found = kept(options, 7)
    assert found
    assert found.tries == 1, "not so soon"
    monkeypatch.setattr(reproducer, "PAUSE", 0.0)
    for _look in range(TRIES):
        with suppress(SystemExit):
            reproduce_next(options, journal)
    found = kept(options, 7)
    assert found
    assert (found.tries, found.verdict, found.words) == (TRIES, None, ())


def test_a_task_that_is_done_again_has_no_verdict(
    options: KojidOptions, journal: FileJournal, tried: list[int]
) -> None:
    ended(journal, 7, time.time())
    reproduce_next(options, journal)
    journal.record(TaskTaken(task_id=7, method="buildArch", arch="x86_64"))
    assert kept(options, 7) is None


def test_a_journal_of_an_earlier_release(
    options: KojidOptions, journal: FileJournal, tried: list[int]
) -> None:
    ended(journal, 7, time.time())
    connection = database.open_writer(database.path_in(options.adjutant.state_dir))
    with closing(connection):
        connection.execute("DROP TABLE reproductions")
    assert kept(options, 7) is None
    reproduce_next(options, journal)
    database.prepare(database.path_in(options.adjutant.state_dir))
    reproduce_next(options, journal)
    assert tried == [7]


def test_no_journal(options: KojidOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reproduce_next(options, FileJournal(tmp_path / "none"))
    assert "Which build could be done once more is not known" in caplog.text
