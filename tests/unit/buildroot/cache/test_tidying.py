"""Tidying looks at the entries only where something may have come or gone."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache import tidiness
from koji_adjutant.buildroot.cache.cache import PACKAGES, ROOTS, Cache
from koji_adjutant.buildroot.cache.record import Vital

LIMIT = 10**9


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """Two layers, and a note that there is nothing to tidy."""
    monkeypatch.setattr(tidiness, "GRANULARITY", -60.0)
    cache = Cache(tmp_path)
    for key in ("aa", "bb"):
        make(cache, key)
    for _ in range(2):  # the first has something to do: manifests to write, a lock's file to make
        cache.tidy(LIMIT, seal=True)
    return cache


def make(cache: Cache, key: str) -> None:
    with cache.store.lease(key, compose):
        pass


def compose(staging: Path) -> Vital | None:
    (staging / "file").write_text("x" * 5000)
    return None


@pytest.fixture
def looks(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has the key of each entry whose size is asked for."""
    seen: list[str] = []
    size_of = cache.store.size_of

    def noted(key: str) -> int:
        seen.append(key)
        return size_of(key)

    monkeypatch.setattr(cache.store, "size_of", noted)
    return seen


def test_nothing_has_changed(cache: Cache, looks: list[str]) -> None:
    with cache.store.lease("aa", compose):
        pass
    cache.tidy(LIMIT, seal=True)
    cache.tidy(LIMIT)
    assert looks == []


def test_another_process_knows_it_too(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Cache(tmp_path)
    monkeypatch.setattr(other.store, "size_of", None)  # would raise
    other.tidy(LIMIT, seal=True)


def test_a_new_entry_is_sealed_and_counted(cache: Cache, looks: list[str]) -> None:
    make(cache, "cc")
    cache.tidy(LIMIT, seal=True)
    assert {*looks} == {"aa", "bb", "cc"}
    assert (cache.store.directory / "manifests" / "cc").exists()


def test_another_limit_is_kept_at_once(cache: Cache) -> None:
    cache.tidy(cache.store.size()[1] - 1)
    assert cache.store.size()[0] == 1


def test_what_was_in_use_is_removed_later(cache: Cache) -> None:
    with cache.store.lease("aa", compose), cache.store.lease("bb", compose):
        cache.tidy(0)
        assert cache.store.size()[0] == 2
    cache.tidy(0)
    assert cache.store.size()[0] == 0


@pytest.mark.parametrize("place", [f"{ROOTS}/trash", f"{ROOTS}/staging", f"{PACKAGES}"])
def test_leftovers_are_found(cache: Cache, tmp_path: Path, place: str) -> None:
    leftover = tmp_path / place / ("0a.held" if place == PACKAGES else "0a.1")
    leftover.mkdir()
    cache.tidy(LIMIT)
    assert not leftover.exists()


def test_packages_in_use_are_looked_at_again(cache: Cache, tmp_path: Path) -> None:
    package = tmp_path / PACKAGES / "sha256-00.rpm"
    package.write_bytes(b"x" * 100)
    with cache.packages.holding([], {}):
        cache.tidy(0)
        assert package.exists()
    cache.tidy(0)
    assert not package.exists()


def test_sealing_is_not_forgotten_where_tidying_was_done_without(cache: Cache) -> None:
    make(cache, "cc")
    cache.tidy(LIMIT)
    cache.tidy(LIMIT, seal=True)
    assert (cache.store.directory / "manifests" / "cc").exists()


def test_a_day_and_a_boot_are_changes(
    cache: Cache, looks: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other_boot = tmp_path / "boot_id"
    other_boot.write_text("another\n")
    with monkeypatch.context() as boot:
        boot.setattr(tidiness, "BOOT_ID", other_boot)
        cache.tidy(LIMIT)
    assert looks
    cache.tidy(LIMIT)
    looks.clear()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86400)
    cache.tidy(LIMIT)
    assert looks


def test_what_has_just_changed_may_change_unseen(
    cache: Cache, looks: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tidiness, "GRANULARITY", 1.0)
    make(cache, "cc")
    for _ in range(2):
        looks.clear()
        cache.tidy(LIMIT)
        assert looks
    for place in (*(tmp_path / ROOTS).iterdir(), tmp_path / PACKAGES):
        os.utime(place, (0, 0))
    cache.tidy(LIMIT)
    looks.clear()
    cache.tidy(LIMIT)
    assert looks == []


@pytest.mark.parametrize("note", ["", "[]", '{"state": null}', "\xff"])
def test_a_note_of_no_use_is_none(cache: Cache, looks: list[str], tmp_path: Path, note: str) -> None:
    (tmp_path / "tidied.json").write_bytes(note.encode("latin-1"))
    cache.tidy(LIMIT)
    assert looks


def test_a_manifest_that_was_no_use_is_written_again(cache: Cache) -> None:
    manifest = cache.store.directory / "manifests" / "aa"
    manifest.write_text("no manifest\n")
    assert cache.store.damage("aa") == []
    assert not manifest.exists()
    cache.tidy(LIMIT, seal=True)
    assert manifest.exists()


def test_where_the_note_cannot_be_written_tidying_is_done_all_the_same(
    cache: Cache, looks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tidied.json").unlink()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    cache.tidy(LIMIT)
    assert looks
    assert not list(tmp_path.glob("tidied.json*"))
