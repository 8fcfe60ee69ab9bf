"""Trees that were made so as not to be deleted."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.files.removal import remove_tree
from tests.support.trees import bury, deep_place

__all__ = ["deep_place"]


def test_a_deep_tree_goes(deep_place: Path) -> None:
    (deep_place / "tree").mkdir()
    bury(deep_place / "tree")
    remove_tree(deep_place / "tree")
    assert not (deep_place / "tree").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to("../kept")
    remove_tree(tmp_path / "tree")
    assert (tmp_path / "kept" / "file").exists()


def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")


def test_the_store_sweeps_deep_roots(deep_place: Path) -> None:
    store = RootStore(deep_place)
    (deep_place / "trash" / "root").mkdir()
    bury(deep_place / "trash" / "root")
    store.sweep()
    assert not list((deep_place / "trash").iterdir())
