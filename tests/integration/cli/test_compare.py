"""``koji-adjutant compare`` over what ``koji-adjutant build`` has left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Compare = Callable[..., subprocess.CompletedProcess[str]]

SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: A test
License: MIT
BuildArch: noarch
%description
A test.
%prep
%build
{build}
%install
install -D -m 644 data %{{buildroot}}/usr/share/{name}/data
%files
/usr/share/{name}
"""


@pytest.fixture
def adjutant(repo: Path, state_dir: Path, tool_image: str) -> Compare:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "koji_adjutant.cli", *map(str, words), "--state-dir", str(state_dir)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def built(adjutant: Compare, repo: Path, place: Path, name: str, build: str) -> Path:
    source, results = place / name, place / f"{name}-results"
    source.mkdir()
    (source / f"{name}.spec").write_text(SPEC.format(name=name, build=build))
    result = adjutant("build", source, "--repo", repo, "--resultdir", results)
    assert result.returncode == 0, result.stderr
    return results


def test_the_same_once_more(adjutant: Compare, repo: Path, tmp_path: Path) -> None:
    results = built(adjutant, repo, tmp_path, "steady", "echo always > data")
    time.sleep(1)  # what rpm keeps of a file's time are whole seconds
    result = adjutant("compare", results, "--resultdir", tmp_path / "again")
    assert result.stdout.splitlines() == [
        "same  steady-1-1.noarch.rpm, but for the times of 2 files",
        "1 of 1 packages came out the same",
    ], result.stderr
    assert result.returncode == 0
    assert (tmp_path / "again" / "steady-1-1.noarch.rpm").exists()


def test_what_a_build_takes_from_its_moment_is_found(adjutant: Compare, repo: Path, tmp_path: Path) -> None:
    results = built(adjutant, repo, tmp_path, "moody", "cat /proc/sys/kernel/random/uuid > data")
    result = adjutant("compare", results)
    assert result.returncode == 1, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "DIFF  moody-1-1.noarch.rpm"
    assert "      /usr/share/moody/data: content, 37 → 37 bytes" in lines
    assert lines[-1] == "0 of 1 packages came out the same"


def test_a_directory_without_packages(adjutant: Compare, tmp_path: Path) -> None:
    result = adjutant("compare", tmp_path)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"koji-adjutant: {tmp_path} has 0 source packages and 0 others: one and some are needed."
    )
