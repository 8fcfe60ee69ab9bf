"""Finding mock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.errors import BenchError
from tests.bench.mock import VARIABLE, find_mock


def program(directory: Path) -> Path:
    path = directory / "mock"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_one_that_is_named(tmp_path: Path) -> None:
    assert find_mock({VARIABLE: str(program(tmp_path))}) == tmp_path / "mock"


def test_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_mock({}) is None
    program(tmp_path)
    assert find_mock({}) == tmp_path / "mock"


def test_a_name_that_is_no_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="which is no program: unset it to measure without mock"):
        find_mock({VARIABLE: str(tmp_path / "mock")})
