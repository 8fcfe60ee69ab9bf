"""Walking and copying trees of all shapes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files import walk as walking
from koji_adjutant.buildroot.files.disk_use import disk_use
from koji_adjutant.buildroot.files.tree import describe, differences
from koji_adjutant.buildroot.files.walk import OPEN, copy_tree, walk
from tests.support.trees import DEEP, LONG_NAME, bury, deep_place

__all__ = ["deep_place"]

OWN = {"uid": os.getuid(), "gid": os.getgid()}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def plant(top: Path) -> Path:
    (top / "b" / "c").mkdir(parents=True)
    (top / "b" / "c" / "file").write_text("content")
    (top / "b" / "c" / "file").chmod(0o640)
    os.utime(top / "b" / "c" / "file", (10, 20))
    (top / "a").write_text("a")
    (top / "b" / "link").symlink_to("../../outside")
    (top / "loop").symlink_to("loop")
    (top / "name\n\udcff").touch()
    return top


def test_everything_comes_once_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    found = [(entry.path, entry.parts, entry.is_directory) for entry in walk(plant(tmp_path / "top"))]
    assert found == [
        ("a", (), False),
        ("b", (), True),
        ("b/c", ("b",), True),
        ("b/c/file", ("b", "c"), False),
        ("b/link", ("b",), False),
        ("loop", (), False),
        ("name\n\udcff", (), False),
    ]


def test_a_deep_tree_is_walked_with_few_descriptors(deep_place: Path) -> None:
    bury(deep_place, LONG_NAME)
    before = descriptors()
    most = count = 0
    for entry in walk(deep_place):
        count += 1
        if len(entry.parts) == DEEP - 1:
            most = descriptors()
    assert count == DEEP
    assert most <= before + OPEN + 4
    assert descriptors() == before


def test_a_deep_tree_is_copied_and_measured(deep_place: Path) -> None:
    source, target = deep_place / "source", deep_place / "target"
    source.mkdir()
    bury(source, LONG_NAME)
    (source / LONG_NAME / "e").touch()
    copy_tree(source, target, **OWN)
    assert differences(describe(source), describe(target)) == []
    assert len(describe(target)) == DEEP + 2
    one, other = disk_use([source, target])
    assert one == other > 0


def test_a_copy_is_as_the_original(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    source = plant(tmp_path / "top")
    copy_tree(source, tmp_path / "copy", **OWN)
    assert differences(describe(source), describe(tmp_path / "copy")) == []
    copy = tmp_path / "copy" / "b" / "c" / "file"
    assert (copy.stat().st_mtime, stat.S_IMODE(copy.stat().st_mode)) == (20, 0o640)
    assert (tmp_path / "copy" / "b" / "link").readlink() == Path("../../outside")


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkfifo, "a named pipe"), (listen, "a socket")],
    ids=["pipe", "socket"],
)
def test_nothing_special_is_copied(tmp_path: Path, make: Callable[[Path], None], kind: str) -> None:
    source = plant(tmp_path / "top")
    without = describe(source)
    make(source / "b" / "c" / "early")
    make(source / "z")
    left_out = copy_tree(source, tmp_path / "copy", **OWN)
    assert left_out == {"b/c/early": kind, "z": kind}
    assert differences(without, describe(tmp_path / "copy")) == []


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "x").touch()
    (entry,) = walk(tmp_path / "top")
    (tmp_path / "top" / "x").unlink()
    os.mkfifo(tmp_path / "top" / "x")
    directory = os.open(tmp_path / "top", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="a file was replaced while it was read"):
            walking.open_file(entry.name, directory)
    finally:
        os.close(directory)


def test_a_directory_that_is_moved_ends_the_walk(tmp_path: Path) -> None:
    """A deep place is left by its "..", which must be where we came from."""
    bury(tmp_path, depth=2 * OPEN)
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path.joinpath(*["d"] * OPEN)

    def walk_and_move() -> None:
        for entry in walk(tmp_path):
            if len(entry.parts) == 2 * OPEN - 1:
                path.rename(tmp_path / "elsewhere" / "d")

    with pytest.raises(OSError, match="a directory was moved while it was read"):
        walk_and_move()


def test_a_walk_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    bury(tmp_path, depth=5)
    before = descriptors()
    for entry in walk(tmp_path):
        if len(entry.parts) == 3:
            break
    del entry
    assert descriptors() == before
