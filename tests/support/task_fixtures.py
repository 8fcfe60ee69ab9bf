"""What tests of tasks are given: a worker's options, the hub's files, recipes that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import koji
import pytest

from koji_adjutant.config import AdjutantOptions, KojidOptions
from tests.support.recipes import Recipes, install


@pytest.fixture
def topdir(tmp_path: Path) -> Iterator[Path]:
    """The hub's files, mounted."""
    directory = tmp_path / "topdir"
    (directory / "repos").mkdir(parents=True)
    before = koji.pathinfo.topdir
    koji.pathinfo.topdir = str(directory)
    yield directory
    koji.pathinfo.topdir = before


@pytest.fixture
def options(tmp_path: Path, topdir: Path) -> KojidOptions:
    (tmp_path / "work").mkdir()
    return KojidOptions(
        server="http://hub/kojihub",
        topdir=str(topdir),
        workdir=str(tmp_path / "work"),
        allowed_scms="*:*",
        adjutant=AdjutantOptions(state_dir=tmp_path / "state", log_dir=tmp_path / "logs"),
    )


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch) -> Recipes:
    """Recipes that do nothing, in place of the real ones."""
    return install(monkeypatch)
