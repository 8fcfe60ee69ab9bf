"""Ratios are ours by theirs, and aims are met or missed."""

from __future__ import annotations

import pytest

from tests.bench.createrepo import RepoRun
from tests.bench.meter import Costs
from tests.bench.ratios import RATIOS, aims, ratios
from tests.unit.bench.figures import add, build, empty, small, with_heavy_package

NAMES = {
    "warm_start_vs_mock_init",
    "cold_vs_mock_init",
    "cycle_vs_mock",
    "cycle_vs_chroot",
    "rpmbuild_vs_chroot",
    "rpmbuild_vs_mock",
    "heavy_cycle_vs_chroot",
    "mass_vs_mock",
    "mass_again_vs_mock",
    "small8_vs_chroot",
    "long8_vs_chroot",
    "createrepo_vs_best",
    "createrepo_vs_kojid",
}


def test_ours_by_theirs() -> None:
    found = ratios(with_heavy_package())
    assert (found.pop("createrepo_vs_best"), found.pop("createrepo_vs_kojid")) == (None, None)
    assert found == pytest.approx(
        {
            "warm_start_vs_mock_init": 0.2 / 5,
            "cold_vs_mock_init": 1.0,
            "cycle_vs_mock": 0.125,
            "cycle_vs_chroot": 2.5,
            "rpmbuild_vs_chroot": 1.02,
            "rpmbuild_vs_mock": 1.0,
            "heavy_cycle_vs_chroot": 1.05,
            "mass_vs_mock": 0.1,
            "mass_again_vs_mock": 0.05,
            "small8_vs_chroot": 1.25,
            "long8_vs_chroot": 1.01,
        }
    )


def test_every_ratio_is_there_and_explained() -> None:
    assert set(ratios(empty())) == set(RATIOS) == NAMES
    assert all(sentence.endswith(".") for sentence in RATIOS.values())


def test_nothing_is_compared_with_who_was_missing() -> None:
    assert set(ratios(empty()).values()) == {None}
    without_mock = with_heavy_package()
    without_mock.runs = [run for run in without_mock.runs if run.contender != "mock"]
    without_mock.mass = [run for run in without_mock.mass if run.contender != "mock"]
    missing = {name for name, value in ratios(without_mock).items() if value is None}
    assert missing == {name for name in NAMES if "mock" in name or "createrepo" in name}


def test_repos_with_databases_are_compared_with_those_that_have_them_too() -> None:
    results = small()
    for contender, seconds in {"ours": 4.0, "ours, no databases": 1.5, "kojid": 2.0, "best": 1.0}.items():
        results.repos.append(RepoRun(contender, 5000, seconds, Costs()))
    found = ratios(results)
    assert (found["createrepo_vs_best"], found["createrepo_vs_kojid"]) == (1.5, 2.0)


def test_only_eight_at_once_count_as_eight() -> None:
    results = small()
    results.rounds = [one for one in results.rounds if one.jobs != 8]
    found = ratios(results)
    assert (found["small8_vs_chroot"], found["long8_vs_chroot"]) == (None, None)


def test_a_large_root_has_aims_of_its_own_and_no_ratio() -> None:
    results = small()
    before = ratios(results)
    add(results, "all", build(1.0, ready=0.5), root="large")
    add(results, "mock", build(30.0, ready=25.0), root="large")
    assert ratios(results) == before
    (aim,) = [aim for aim in aims(results) if aim.name == "warm_start_vs_mock_init, large root"]
    assert aim.value == pytest.approx(0.02)
    assert aim.met


def test_aims() -> None:
    found = {aim.name: aim for aim in aims(small())}
    first_line = found["request to rpmbuild's first line, without -bs, all cached, p95"]
    assert first_line.value == pytest.approx(0.6)
    assert first_line.met
    assert found["cycle, beyond that of a bare chroot"].value == pytest.approx(0.75)
    assert found["mass_vs_mock"].met
    assert found["cycle, beyond that of a bare chroot"].met is False
    assert found["createrepo_vs_best"].met is None
