"""The report."""

from __future__ import annotations

from tests.bench.createrepo import RepoRun
from tests.bench.meter import Costs
from tests.bench.table import table
from tests.unit.bench.figures import empty, small


def rows(text: str) -> dict[str, list[str]]:
    """First cell → the others, of all tables."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    return {row[0]: row[1:] for row in cells}


def test_contenders_side_by_side() -> None:
    found = rows(table(small()))
    assert found["**whole build**"] == [
        "0.50 / 0.50",
        "8.00 / 8.00",
        "2.00 / 2.00",
        "1.25 / 3.00",
        "10.00 / 10.00",
    ]
    assert found["root ready"] == ["", "5.00 / 6.00", "0.20 / 0.30", "0.20 / 0.20", "5.00 / 5.00"]
    assert found["rpmbuild"] == ["0.50 / 9.00", "", "", "0.51 / 0.51", ""]
    assert found["MB written"] == ["3"] * 5
    assert found["runs"] == ["3", "3", "3", "3", "2"]


def test_aims_met_missed_and_not_measured() -> None:
    found = rows(table(small()))
    assert found["rpmbuild, beyond that of a bare chroot"] == ["0.010 s", "0.030 s", "met"]
    assert found["cycle, beyond that of a bare chroot"] == ["0.750 s", "0.200 s", "missed by 275%"]
    assert found["createrepo_vs_best"] == ["not measured", "1.100", ""]


def test_several_at_once() -> None:
    lines = table(small()).splitlines()
    assert "| greet | 8 | all | 5.00 / 5.00 | 4.00 / 4.00 | 25% |" in lines
    assert "| greet | 8 | chroot | 4.00 / 4.00 | 3.50 / 3.50 | 25% |" in lines


def test_a_mass_rebuild() -> None:
    assert rows(table(small()))["second"] == ["1.00", "0.50", "1.50"]


def test_createrepo() -> None:
    results = small()
    results.repos += [RepoRun("best", 5000, seconds, Costs()) for seconds in (1.0, 2.0, 3.0)]
    assert rows(table(results))["best"] == ["2.00 / 3.00"]


def test_a_run_without_anything_says_so() -> None:
    results = empty()
    results.notes.append("mock is not installed here")
    text = table(results)
    assert "- mock is not installed here" in text
    assert "quick" in text.splitlines()[0]
    assert rows(text)["`cycle_vs_mock`"][0] == "not measured"
