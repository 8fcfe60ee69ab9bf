"""Buildroots that were used of late."""

from __future__ import annotations

import os
from pathlib import Path

from koji_adjutant.buildroot.recent import LIFETIME, RecentRoot, RecentRoots

ONE, OTHER = RecentRoot("f99-build", "x86_64", "build"), RecentRoot("f99-build", "x86_64", "srpm-build")


def test_the_latest_come_first(tmp_path: Path) -> None:
    recent = RecentRoots(tmp_path)
    for root in (ONE, OTHER, ONE):
        recent.note(root)
        for file in tmp_path.iterdir():  # as if some time had passed
            before = file.stat().st_mtime - 10
            os.utime(file, (before, before))
    assert [root for root, _repo in RecentRoots(tmp_path).latest()] == [ONE, OTHER]


def test_a_repo_that_is_ready_is_remembered_and_is_no_use(tmp_path: Path) -> None:
    recent = RecentRoots(tmp_path)
    recent.note(ONE)
    (file,) = tmp_path.iterdir()
    os.utime(file, (1e9 + 1.5e9, file.stat().st_mtime - 100))
    before = file.stat().st_mtime_ns
    recent.ready(ONE, 42)
    assert recent.latest() == [(ONE, 42)]
    assert file.stat().st_mtime_ns == before
    recent.note(ONE)
    assert recent.latest() == [(ONE, 42)]


def test_what_was_not_used_for_long_is_forgotten(tmp_path: Path) -> None:
    recent = RecentRoots(tmp_path)
    recent.note(ONE)
    (file,) = tmp_path.iterdir()
    old = file.stat().st_mtime - LIFETIME - 1
    os.utime(file, (old, old))
    assert recent.latest() == []
    assert not file.exists()
