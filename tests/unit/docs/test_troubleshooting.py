"""docs/troubleshooting.md has an entry for whatever the product says."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.errors import FailureClass
from koji_adjutant.monitoring.status import WORDS
from tests.unit.docs.messages import check_subjects, error_classes, log_messages

PAGE = (Path(__file__).parents[3] / "docs" / "troubleshooting.md").read_text()


def rows(heading: str) -> dict[str, list[str]]:
    """The first column's words → the other columns, of all tables below ``heading``."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_message_of_the_log_has_an_entry() -> None:
    assert set(rows("In the worker's log")) == log_messages()


def test_every_failure_class_has_an_entry() -> None:
    assert set(rows("A task failed")) == set(FailureClass)


def test_every_check_has_an_entry() -> None:
    assert set(rows("What check says")) == check_subjects()


def test_every_word_of_the_status_has_an_entry() -> None:
    assert set(rows("The worker takes no tasks")) == set(WORDS) - {"healthy"}


def test_every_error_has_an_entry_with_its_exit_code() -> None:
    listed = {
        name.strip(" `"): int(code)
        for code, row in rows("A command ended with a code").items()
        for name in row[0].split(",")
    }
    assert listed == error_classes()


HEADINGS = (
    "In the worker's log",
    "A task failed",
    "What check says",
    "The worker takes no tasks",
    "A command ended with a code",
)


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_entry_says_what_to_do(heading: str) -> None:
    assert [key for key, row in rows(heading).items() if len(row) < 2 or not all(row)] == []


def test_what_is_collected_is_what_is_said() -> None:
    """The collectors find something of each kind."""
    assert "Giving task … back: …: …" in log_messages()
    assert "Insufficient disk space at …: … MB, … MB required" in log_messages()
    assert {"configuration", "tool image", "clock", "topdir"} <= check_subjects()
    assert error_classes()["DiskFull"] == 12
