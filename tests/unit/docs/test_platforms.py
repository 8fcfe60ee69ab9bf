"""The page of hosts is what make matrix found on them."""

from __future__ import annotations

from tests.matrix import results
from tests.matrix.platforms import PLATFORMS
from tests.matrix.results import Finding
from tests.matrix.steps import SUMMARY, Outcome


def test_the_page_is_made_from_the_results() -> None:
    assert results.PAGE.read_text() == results.page(results.load())


def test_all_results_are_of_hosts_that_there_are() -> None:
    assert set(results.load()) <= {platform.name for platform in PLATFORMS}


def test_a_row() -> None:
    steps = {
        "demo": Outcome(True, "", 2.5, "2026-01-31, abc1234"),
        "hub": Outcome(False, "3 failed, 500 passed", 20, "2026-01-30, def5678"),
    }
    found = Finding({"podman": "5.4.2"}, steps)
    heads, _line, row = (
        line.strip("| ").split(" | ") for line in results.page({"Debian 13": found}).splitlines()[-3:]
    )
    cells = dict(zip(heads, row, strict=True))
    assert {head: cell for head, cell in cells.items() if cell != "not run"} == {
        "host": "Debian 13",
        "podman": "5.4.2",
        "`make demo`": "passed (2.5 min)",
        "hub tests": "**failed**: 3 failed, 500 passed (20 min)",
        "when": "2026-01-30, def5678; 2026-01-31, abc1234",
    }


def test_the_counts_of_pytest() -> None:
    said = "...\n===== 3 failed, 290 passed, 2 skipped, 1 error in 512.34s (0:08:32) =====\n"
    assert SUMMARY.findall(said) == ["3 failed, 290 passed, 2 skipped, 1 error"]
    assert SUMMARY.findall("7 passed in 3.21s\n") == ["7 passed"]
