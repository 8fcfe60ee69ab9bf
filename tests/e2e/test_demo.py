"""The demo, as a newcomer runs it: one package from git to tagged RPMs, and nothing left running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import koji
import pytest

from koji_adjutant.demo.services import running
from koji_adjutant.demo.stage import TAG
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output

PACKAGE = Path(__file__).parents[2] / "examples" / "hello-adjutant"
NVR = "hello-adjutant-1.0-1.demo1"


@pytest.fixture(scope="module")
def repo() -> Path:
    """The test distribution, made if this machine has none."""
    return build_distribution(default_output(), say=print)


@pytest.fixture
def stage(tmp_path: Path, state_dir: Path) -> Iterator[list[str]]:
    """Options that place a demo of this test's own; whatever it started is stopped."""
    yield ["--dir", str(tmp_path / "demo"), "--state-dir", str(state_dir)]
    demo("down", "--dir", str(tmp_path / "demo"))


@pytest.fixture(scope="module")
def state_dir() -> Path:
    """Where the tool image and the composed roots of this machine's tests are."""
    return default_output().parent / "state"


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``koji-adjutant demo``; what it said is printed, for a failing test to show."""
    result = subprocess.run(
        [sys.executable, "-m", "koji_adjutant.cli", "demo", *arguments],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={**os.environ, "COLUMNS": "160"},
    )
    print(result.stdout)
    return result


def test_from_git_to_a_program_that_runs(tmp_path: Path, stage: list[str], repo: Path) -> None:
    result = demo("run", *stage, "--repo", str(repo), "--package", str(PACKAGE))

    assert result.returncode == 0
    assert f"{NVR} in {TAG}" in result.stdout
    assert "Hello from Koji-Adjutant" in result.stdout
    rpms = {file.name for file in (tmp_path / "demo" / "rpms").iterdir()}
    arch = os.uname().machine
    binary = {f"{name}-1.0-1.demo1.{arch}.rpm" for name in ("hello-adjutant", "hello-adjutant-debuginfo")}
    assert {f"{NVR}.src.rpm", *binary} <= rpms
    assert json.loads((tmp_path / "demo" / "record.json").read_text())["steps"]
    assert running(tmp_path / "demo" / "logs") == []


def test_up_leaves_a_farm_to_play_with_and_down_stops_it(
    tmp_path: Path, stage: list[str], repo: Path
) -> None:
    up = demo("up", *stage, "--repo", str(repo), "--package", str(PACKAGE))
    assert up.returncode == 0
    url = next(line.split()[1] for line in up.stdout.splitlines() if line.startswith("Hub:"))
    assert koji.ClientSession(url).getLastHostUpdate(1) is not None

    assert running(tmp_path / "demo" / "logs") == ["distribution", "git-server", "hub", "worker"]
    second = demo("up", *stage, "--repo", str(repo), "--package", str(PACKAGE))
    assert second.returncode != 0
    assert "a demo is running already" in second.stdout

    assert demo("down", "--dir", str(tmp_path / "demo")).returncode == 0
    assert running(tmp_path / "demo" / "logs") == []


def test_a_failing_step_says_which_and_where_to_look(tmp_path: Path, stage: list[str], repo: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "README").write_text("no spec file here\n")

    result = demo("run", *stage, "--repo", str(repo), "--package", str(broken))

    assert result.returncode == 1
    assert "✗ Build from git to tagged RPMs: koji watch-task failed" in result.stdout
    assert f"Look in {tmp_path / 'demo' / 'logs' / 'koji-client.log'}" in result.stdout
    assert running(tmp_path / "demo" / "logs") == []
