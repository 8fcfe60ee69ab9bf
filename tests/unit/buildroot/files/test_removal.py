"""Trees that were made so as not to be deleted."""

from __future__ import annotations

import os
from pathlib import Path

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.files.removal import remove_tree

DEPTH = 1500
"""Deeper than Python's stack."""


def bury(directory: Path) -> None:
    above = os.open(directory, os.O_DIRECTORY)
    for _level in range(DEPTH):
        os.mkdir("d", dir_fd=above)
        below = os.open("d", os.O_DIRECTORY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)


def test_a_deep_tree_goes(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    bury(tmp_path / "tree")
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to("../kept")
    remove_tree(tmp_path / "tree")
    assert (tmp_path / "kept" / "file").exists()


def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")


def test_the_store_sweeps_deep_roots(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    (tmp_path / "trash" / "root").mkdir()
    bury(tmp_path / "trash" / "root")
    store.sweep()
    assert not list((tmp_path / "trash").iterdir())
