"""How much of the disk a tree takes, whatever a packager's code has made of it."""

from __future__ import annotations

import os
from pathlib import Path

from koji_adjutant.buildroot.files.disk_use import disk_use, free_space
from koji_adjutant.buildroot.files.removal import remove_tree

MIB = 1 << 20


def test_several_trees_and_one_that_is_not_there(tmp_path: Path) -> None:
    for name, size in (("one", 3), ("two\n", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * (size * MIB))
    one, two, missing = disk_use([tmp_path / "one", tmp_path / "two\n", tmp_path / "missing"])
    assert 3 * MIB <= one < 4 * MIB
    assert 5 * MIB <= two < 6 * MIB
    assert missing == 0
    assert disk_use([tmp_path / "missing"]) == [0]


def test_names_count_once_and_links_and_holes_not_at_all(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    tree.mkdir()
    outside.write_bytes(b"x" * (9 * MIB))
    (tree / "link").symlink_to(outside)
    (tree / "up").symlink_to(tmp_path)
    (tree / "file").write_bytes(b"x" * (2 * MIB))
    (tree / "again").hardlink_to(tree / "file")
    (tree / "hole").touch()
    os.truncate(tree / "hole", 1 << 40)
    os.mkfifo(tree / "pipe")
    assert 2 * MIB <= disk_use([tree])[0] < 3 * MIB


def test_a_tree_that_is_deeper_than_a_path_may_be_long(tmp_path: Path) -> None:
    top = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    here = os.dup(top)
    for _ in range(300):
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    descriptor = os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(descriptor, b"x" * (4 * MIB))
    for one in (descriptor, here, top):
        os.close(one)
    used = disk_use([tmp_path])[0]
    remove_tree(tmp_path)  # pytest could not
    assert used >= 4 * MIB


def test_what_is_free(tmp_path: Path) -> None:
    assert 0 < free_space(tmp_path) <= os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
