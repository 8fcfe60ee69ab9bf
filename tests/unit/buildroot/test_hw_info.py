"""hw_info.log."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.buildroot.hw_info import write_hw_info


def test_hw_info_without_its_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_hw_info(tmp_path / "hw_info.log", [tmp_path])
    assert "lscpu is not installed" in (tmp_path / "hw_info.log").read_text()
