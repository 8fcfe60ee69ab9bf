"""Overlays that the kernel really mounts."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.overlay import Overlay, mounted, unmount_below
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.errors import BuildrootError


@pytest.fixture
def place() -> Iterator[Path]:
    """On a disk: a temporary directory may be on a file system that overlays do not take."""
    with tempfile.TemporaryDirectory(prefix="adjutant-test-", dir="/var/tmp") as directory:
        yield Path(directory)


def layer(place: Path, name: str, **files: str) -> Path:
    for file, content in files.items():
        (place / name).mkdir(exist_ok=True)
        (place / name / file).write_text(content)
    return place / name


def test_layers_are_seen_as_one_and_stay_as_they_are(place: Path) -> None:
    base = layer(place, "base", kept="base", changed="base", removed="base")
    first = Overlay([base], place / "first", throwaway=True)
    with mounted(first, "1") as root:
        (root / "changed").write_text("first")
        (root / "removed").unlink()
        (root / "new").write_text("first")
    # what was written to one overlay is a layer of the next
    second = Overlay([first.upper, base], place / "second")
    with mounted(second, "1") as root:
        assert {path.name: path.read_text() for path in root.iterdir()} == {
            "kept": "base",
            "changed": "first",
            "new": "first",
        }
        (root / "kept").write_text("second")
    assert {path.name: path.read_text() for path in base.iterdir()} == {
        "kept": "base",
        "changed": "base",
        "removed": "base",
    }
    assert not second.work.exists()
    assert list(second.merged.iterdir()) == []


def test_the_logged_line_does_the_same(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    overlay = Overlay([layer(place, "ba:s,e", file="here")], place / "scr atch")
    with caplog.at_level(logging.INFO, "koji_adjutant.container"), mounted(overlay, "1"):
        pass
    overlay.work.mkdir()
    line = caplog.messages[-1].partition(": ")[2]
    subprocess.run(["sh", "-c", line], check=True)
    assert (overlay.merged / "file").read_text() == "here"
    unmount_below(place)


def test_a_killed_process_leaves_nothing_mounted_once_its_directory_is_deleted(place: Path) -> None:
    base = layer(place, "base", file="x")
    scratch = place / "tåsk dir" / "scratch"
    program = """
import os, sys
from pathlib import Path
from koji_adjutant.buildroot.files.overlay import Overlay, mounted
with mounted(Overlay([Path(sys.argv[1])], Path(sys.argv[2])), "1"):
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, str(base), str(scratch)], check=False)
    assert os.path.ismount(scratch / "merged")
    remove_tree(place / "tåsk dir")
    assert not (place / "tåsk dir").exists()
    assert (base / "file").read_text() == "x"


def test_what_cannot_be_mounted_is_an_error_that_says_so(place: Path) -> None:
    with (
        pytest.raises(BuildrootError, match=r"an overlay cannot be mounted at .*merged: No such file"),
        mounted(Overlay([place / "nowhere"], place / "scratch"), "1"),
    ):
        pass
