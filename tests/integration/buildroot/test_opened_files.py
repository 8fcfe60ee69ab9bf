"""What is opened in an overlay, as a root is one, and from wherever."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files import opened
from koji_adjutant.buildroot.files.opened import opened_files
from koji_adjutant.buildroot.files.overlay import Overlay, mounted
from koji_adjutant.errors import BuildrootError

AS_IN_A_CONTAINER = """
mount --bind "$1" "$2"
cd "$2"
mkdir old
python3 -c 'import ctypes; ctypes.CDLL(None).pivot_root(b".", b"old")'
read -r line </usr/seen || :
"""
"""The shell's own words, since the root has no programs."""


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    lower = tmp_path / "lower"
    (lower / "usr").mkdir(parents=True)
    for name in ("seen", "unseen", "behind"):
        (lower / "usr" / name).write_text(name)
    (lower / "usr" / "link").symlink_to("behind")
    return lower


def test_all_that_is_opened(lower: Path, tmp_path: Path) -> None:
    with mounted(Overlay([lower], tmp_path / "scratch"), "test") as root, opened_files(root) as found:
        (tmp_path / "there").mkdir()
        command = [
            "unshare",
            "--mount",
            "sh",
            "-euc",
            AS_IN_A_CONTAINER,
            "-",
            str(root),
            str(tmp_path / "there"),
        ]
        subprocess.run(command, check=True)
        (root / "usr" / "link").read_text()
        (root / "usr" / "unseen").stat()
        (lower / "usr" / "unseen").read_text()
    assert found.paths >= {"/usr/seen", "/usr/behind"}
    assert not found.paths & {"/usr/unseen", "/usr/link"}
    assert found.complete


def test_what_would_make_others_wait(lower: Path, tmp_path: Path) -> None:
    with mounted(Overlay([lower], tmp_path / "scratch"), "test") as root, opened_files(root) as found:
        os.mkfifo(root / "pipe")
        with subprocess.Popen(["cat", root / "pipe"], stdout=subprocess.PIPE) as reader:
            (root / "pipe").write_text("through")
            assert reader.communicate()[0] == b"through"
        (root / "usr" / "seen").read_text()
    assert "/usr/seen" in found.paths


def test_a_file_is_told_of_once(lower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a build opens it: the kernel's queue and the reader have nothing to do then."""
    noted: list[int] = []
    monkeypatch.setattr(opened._EventReader, "_note", _counting(opened._EventReader._note, noted))
    with mounted(Overlay([lower], tmp_path / "scratch"), "test") as root, opened_files(root) as found:
        for _time in range(100):
            (root / "usr" / "seen").read_text()
            time.sleep(0.01)
    assert found.paths == {"/usr/seen"}
    assert found.complete
    assert len(noted) < 10


def _counting(note: Callable[..., None], noted: list[int]) -> Callable[..., None]:
    def counted(reader: object, descriptor: int) -> None:
        noted.append(descriptor)
        note(reader, descriptor)

    return counted


def test_more_than_the_queue_holds(lower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened._EventReader, "_take", lambda _reader: time.sleep(0.1))
    monkeypatch.setattr(opened, "DRAIN", 0.1)
    with mounted(Overlay([lower], tmp_path / "scratch"), "test") as root, opened_files(root) as found:
        for number in range(100):
            (root / f"{number}").write_text("")
    assert not found.complete


def test_names_without_end(lower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "MOST", 10)
    with mounted(Overlay([lower], tmp_path / "scratch"), "test") as root, opened_files(root) as found:
        for number in range(100):
            (root / f"{number}").write_text("")
    assert len(found.paths) == 10
    assert not found.complete


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    with (
        pytest.raises(BuildrootError, match="does not tell which files are opened: No such file"),
        opened_files(tmp_path / "gone"),
    ):
        pass
