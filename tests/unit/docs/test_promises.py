"""The pages on security and reliability: what they name is there, and no test of theirs is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.kill_points import as_markdown

PROJECT = Path(__file__).parents[3]
NAMED = re.compile(r"`((?:tests|koji_adjutant)/[\w/]+(?:\.py)?)`")
SUITES = {"docs/security.md": ("tests/hostile",), "docs/reliability.md": ("tests/faults",)}


def named(page: str) -> set[str]:
    return set(NAMED.findall((PROJECT / page).read_text()))


@pytest.mark.parametrize("page", SUITES)
def test_what_is_named_is_there(page: str) -> None:
    assert {name for name in named(page) if not (PROJECT / name).exists()} == set()


@pytest.mark.parametrize("page", SUITES)
def test_all_of_a_suite_is_named(page: str) -> None:
    tests = {
        str(file.relative_to(PROJECT)) for suite in SUITES[page] for file in (PROJECT / suite).glob("test_*")
    }
    assert tests <= named(page)


def test_kill_points_are_as_they_are_tested() -> None:
    assert as_markdown() in (PROJECT / "docs/reliability.md").read_text()
