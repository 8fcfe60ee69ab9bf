"""The program that runs createrepo_c and mergerepo_c, with commands of our own in their place."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.builds.repo_program import PROGRAMS

URL = "http://me:geheim@repo.example/x"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(PROGRAMS))
    program = importlib.import_module("createrepo")
    monkeypatch.setattr(program, "RESULT", tmp_path)
    yield program
    for name in ("createrepo", "merged", "repository", "passwords"):
        sys.modules.pop(name, None)


def test_a_password_is_in_no_log(program: Any, tmp_path: Path) -> None:
    """But the program that is run gets it, and the repository that it blames is found."""
    log = tmp_path / "mergerepos.log"
    command = ["sh", "-c", 'echo "Downloading of repodata failed: $1"; test "$1" = "$2"; exit 3', "sh", URL]
    assert program.run([*command, URL], log) == 3
    program.note(f"{URL}: it is gone")
    assert "geheim" not in log.read_text()
    assert "Downloading of repodata failed: http://me:***@repo.example/x\n" in log.read_text()
    assert program.blamed(log.read_text(), [f"{URL}/", "http://other/"])[0] == f"{URL}/"
