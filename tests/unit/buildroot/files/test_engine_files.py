"""What a package has put where the engine looks users up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.engine_files import SIZE_MAX, check_engine_files
from koji_adjutant.errors import BuildrootError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group"):
        (tmp_path / "etc" / name).write_text("x:x:0\n")
    return tmp_path


def test_files_are_fine_and_may_be_missing(root: Path) -> None:
    check_engine_files(root)
    (root / "etc" / "group").unlink()
    check_engine_files(root)
    (root / "etc" / "passwd").unlink()
    (root / "etc").rmdir()
    check_engine_files(root)


def a_link(path: Path) -> None:
    path.symlink_to("/run/pipe")


def a_large_file(path: Path) -> None:
    path.touch()
    os.truncate(path, SIZE_MAX + 1)


@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, a_link, a_large_file])
@pytest.mark.parametrize("name", ["passwd", "group"])
def test_anything_else_is_refused(root: Path, name: str, put: Callable[[Path], None]) -> None:
    (root / "etc" / name).unlink()
    put(root / "etc" / name)
    with pytest.raises(BuildrootError, match=f"/etc/{name} of the buildroot is not what it should be"):
        check_engine_files(root)


def test_a_link_to_another_etc(root: Path) -> None:
    (root / "etc").rename(root / "other")
    (root / "etc").symlink_to("other")
    with pytest.raises(BuildrootError, match="/etc of the buildroot"):
        check_engine_files(root)
