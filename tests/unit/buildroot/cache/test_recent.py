"""Buildroots that were used of late."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.recent import LIFETIME, RETRY_AFTER, RecentRoot, RecentRoots, Tries

HUB = "http://hub/kojihub"
ONE, OTHER = RecentRoot("f99-build", "x86_64", "build"), RecentRoot("f99-build", "x86_64", "srpm-build")


@pytest.fixture
def recent(tmp_path: Path) -> RecentRoots:
    return RecentRoots(tmp_path / "recent", HUB)


def age(directory: Path, seconds: float) -> None:
    """As if some time had passed."""
    for file in (directory / "recent").iterdir():
        before = file.stat().st_mtime - seconds
        os.utime(file, (before, before))


def test_the_latest_come_first(recent: RecentRoots, tmp_path: Path) -> None:
    for root in (ONE, OTHER, ONE):
        recent.note(root)
        age(tmp_path, 10)
    assert [root for root, _tries in RecentRoots(tmp_path / "recent", HUB).latest()] == [ONE, OTHER]


def test_those_of_another_hub_are_not_ours(recent: RecentRoots, tmp_path: Path) -> None:
    recent.note(ONE)
    other = RecentRoots(tmp_path / "recent", "http://other/kojihub")
    assert other.latest() == []
    other.note(ONE)
    other.forget(ONE)
    assert recent.latest() == [(ONE, Tries())]


def test_what_became_of_it_is_remembered_and_is_no_use(recent: RecentRoots, tmp_path: Path) -> None:
    recent.note(ONE)
    age(tmp_path, LIFETIME - 100)
    (file,) = (tmp_path / "recent").iterdir()
    before = file.stat().st_mtime
    recent.keep(ONE, Tries(42))
    assert recent.latest() == [(ONE, Tries(42))]
    assert file.stat().st_mtime == pytest.approx(before)
    recent.note(ONE)
    assert recent.latest() == [(ONE, Tries(42))]
    assert file.stat().st_mtime > before + 100


def test_what_was_not_used_for_long_is_forgotten(recent: RecentRoots, tmp_path: Path) -> None:
    recent.note(ONE)
    (tmp_path / "recent" / "left by a process that was killed").touch()
    age(tmp_path, LIFETIME + 1)
    assert recent.latest() == []
    assert list((tmp_path / "recent").iterdir()) == []


@pytest.mark.parametrize("text", ["", "{half", "[]", '{"hub": "http://hub/kojihub"}', '{"tag": "f39"}'])
def test_what_cannot_be_read_counts_as_absent(recent: RecentRoots, tmp_path: Path, text: str) -> None:
    recent.note(ONE)
    (file,) = (tmp_path / "recent").iterdir()
    file.write_text(text)
    assert recent.latest() == []


def test_what_cannot_be_written_is_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "recent").touch()
    RecentRoots(tmp_path / "recent", HUB).note(ONE)
    assert "The use of a buildroot cannot be noted" in caplog.text


def test_a_failure_is_tried_again_each_time_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1e9
    monkeypatch.setattr("time.time", lambda: now)
    assert not Tries().are_over(7)
    assert Tries(7).are_over(7)
    assert not Tries(7).are_over(8)
    tries = Tries(6)
    for wait in (RETRY_AFTER, 2 * RETRY_AFTER, 4 * RETRY_AFTER):
        tries = tries.failed(7)
        assert tries.are_over(7)
        assert not tries.are_over(8)
        now += wait - 1
        assert tries.are_over(7)
        now += 1
        assert not tries.are_over(7)
    assert tries.failed(8).failures == 1
    now -= 1e6
    assert not tries.are_over(7)  # the clock was set back
