"""A process is killed while it writes the journal: that stays sound, and whoever comes next writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from koji_adjutant.monitoring import database
from tests.faults.stages import reporting_the_buildroot
from tests.faults.stand import Stand
from tests.faults.test_kill_points import ended
from tests.faults.victims import Victims
from tests.support.nothing_left import Machine
from tests.support.waiting import until

TROUBLE = "cannot be written"
"""What a process says that has waited for too long, on a busy machine."""


@contextmanager
def somebody_writes(journal: Path) -> Iterator[None]:
    """Whoever wants to write meanwhile waits for us, in the middle of it."""
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def is_writing(stand: Stand, pid: int, trouble: int) -> bool:
    """Return whether the process waits, as SQLite does, or has waited."""
    if stand.farm.log_tail(10**6).count(TROUBLE) > trouble:
        return True
    try:
        return "nanosleep" in Path(f"/proc/{pid}/wchan").read_text()
    except FileNotFoundError:
        return True


def assert_is_sound(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def test_a_task(stand: Stand, machine: Machine, victims: Victims) -> None:
    held = reporting_the_buildroot(stand)
    until(held.gate.reached, f"task {held.task} is there\n{stand.farm.log_tail()}")
    process, journal = victims.task(held.task), database.path_in(stand.farm.state)
    trouble = stand.farm.log_tail(10**6).count(TROUBLE)
    with somebody_writes(journal):
        held.gate.open()
        until(lambda: is_writing(stand, process, trouble), f"task {held.task} writes")
        victims.kill([process])
    assert_is_sound(journal)
    assert ended(stand, held) == "CLOSED"
    assert stand.hub.tries(held.task) == 2
    machine.assert_nothing_left()
    victims.until_seen()


@pytest.mark.soak
def test_a_worker(stand: Stand, machine: Machine, victims: Victims) -> None:
    worker, journal = victims.worker(), database.path_in(stand.farm.state)
    trouble = stand.farm.log_tail(10**6).count(TROUBLE)
    with somebody_writes(journal):
        until(lambda: is_writing(stand, worker, trouble), "the worker writes")
        victims.kill([worker])
    assert_is_sound(journal)
    victims.start_worker()
    stand.farm.closed(stand.farm.worker_task("sleep", 0))
    machine.assert_nothing_left()
