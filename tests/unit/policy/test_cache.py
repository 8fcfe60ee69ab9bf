"""The files that a worker's tasks share: how long they are good, and what happens to bad ones."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest

from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import Published

HUB = "http://hub/kojihub"
POLICY = Published({"version": "1.0", "rules": []}, "f39")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "policies"


def age(directory: Path, seconds: float) -> None:
    for file in directory.iterdir():
        os.utime(file, (time.time() - seconds,) * 2)


def test_kept_and_found(directory: Path) -> None:
    cache = PolicyCache(directory, 300, HUB)
    assert cache.find("f39-build") is None
    cache.keep("f39-build", POLICY)
    cache.keep("f40-build", None)
    assert cache.find("f39-build") == (POLICY,)
    assert cache.find("f40-build") == (None,)
    assert PolicyCache(directory, 300, "http://other/kojihub").find("f39-build") is None


@pytest.mark.parametrize(("seconds", "good"), [(200, True), (301, False), (-60, False)])
def test_how_long_it_is_good(directory: Path, seconds: float, good: bool) -> None:
    cache = PolicyCache(directory, 300, HUB)
    cache.keep("f39-build", POLICY)
    age(directory, seconds)
    assert (cache.find("f39-build") is not None) is good


def test_no_time_to_live(directory: Path) -> None:
    cache = PolicyCache(directory, 0, HUB)
    cache.keep("f39-build", POLICY)
    assert cache.find("f39-build") is None
    assert not directory.exists()


def test_old_files_go_with_the_next_write(directory: Path) -> None:
    cache = PolicyCache(directory, 300, HUB)
    cache.keep("f39-build", POLICY)
    (directory / "left-by-a-crash.123").touch()
    age(directory, 301)
    cache.keep("f40-build", POLICY)
    assert len(list(directory.iterdir())) == 1
    assert cache.find("f40-build") == (POLICY,)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"a": 1}', "[1]", "7"])
def test_a_file_that_is_not_ours_counts_as_absent(directory: Path, content: str) -> None:
    cache = PolicyCache(directory, 300, HUB)
    cache.keep("f39-build", POLICY)
    (file,) = directory.iterdir()
    file.write_text(content)
    assert cache.find("f39-build") is None


def test_a_place_that_cannot_be_written_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = PolicyCache(tmp_path / "file" / "policies", 300, HUB)
    with caplog.at_level(logging.WARNING):
        cache.keep("f39-build", POLICY)
    assert "The image policy of tag f39-build cannot be kept for other tasks" in caplog.text
    assert cache.find("f39-build") is None
