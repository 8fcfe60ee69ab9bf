"""What the resolver gets from the store."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.resolver import _link


def test_metadata_are_linked(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("x")
    _link(str(tmp_path / "here"), str(tmp_path / "there"))
    assert (tmp_path / "here").samefile(tmp_path / "there")


def test_or_copied_from_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: str) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "here").write_text("x")
    _link(str(tmp_path / "here"), str(tmp_path / "there"))
    assert (tmp_path / "there").read_text() == "x"
    assert not (tmp_path / "here").samefile(tmp_path / "there")


def test_other_trouble_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _link(str(tmp_path / "nowhere"), str(tmp_path / "there"))
