"""What is read of the place where rpmautospec's spec file should be: a packager's macros have been there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koji_adjutant.builds.autospec import _read
from koji_adjutant.builds.failure import StepFailedError


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "spec").write_text("Name: a\n")
    assert _read(tmp_path / "spec") == b"Name: a\n"


@pytest.mark.parametrize("kind", ["nothing", "link", "pipe", "directory"])
def test_anything_else(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "spec"
    if kind == "link":
        place.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    with pytest.raises(StepFailedError, match="rpmautospec left no spec file"):
        _read(place)
