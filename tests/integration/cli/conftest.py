"""A worker's configuration over the shared state directory, and the distribution."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.buildroot.fixtures import repo

Run = Callable[..., subprocess.CompletedProcess[str]]

__all__ = ["repo"]


@pytest.fixture
def kojid_conf(state_dir: Path, tmp_path: Path) -> Path:
    """A worker's configuration; its hub is not there."""
    path = tmp_path / "kojid.conf"
    path.write_text(
        "[kojid]\nserver = http://127.0.0.1:1/kojihub\ntopurl = http://127.0.0.1:1/kojifiles\n"
        f"workdir = {tmp_path}/work\ntopdir = {tmp_path}/topdir\nminspace = 1\n"
        f"[adjutant]\nstate_dir = {state_dir}\nlog_dir = {tmp_path}/logs\nlog_file = {tmp_path}/kojid.log\n"
    )
    return path


@pytest.fixture
def adjutant() -> Run:
    """Runs ``koji-adjutant`` as a process."""

    def run(*words: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "koji_adjutant.cli", *map(str, words)]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    return run
