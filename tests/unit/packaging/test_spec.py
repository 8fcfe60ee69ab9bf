"""The spec file: rpm can read it, and it is of this version."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import koji_adjutant
from koji_adjutant import config

PROJECT = Path(__file__).parents[3]
SPEC = PROJECT / "packaging" / "rpm" / "koji-adjutant.spec"

needs_rpmspec = pytest.mark.skipif(
    shutil.which("rpmspec") is None, reason="rpmspec is not installed on this host"
)


def parsed(*defines: str) -> str:
    options = [f"--define={each}" for each in defines]
    done = subprocess.run(["rpmspec", "-P", *options, SPEC], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_it_is_of_this_version() -> None:
    fields = [line.split() for line in SPEC.read_text().splitlines() if line.startswith("Version:")]
    assert fields == [["Version:", koji_adjutant.__version__]]


@needs_rpmspec
def test_rpm_can_read_it() -> None:
    packages = [line for line in parsed("fedora 43").splitlines() if line.startswith("%package")]
    assert packages == ["%package builder", "%package kojid-plugin"]
    assert "sed -i" not in parsed("fedora 43")


@needs_rpmspec
def test_an_old_setuptools_understands_what_is_left_of_pyproject(tmp_path: Path) -> None:
    """EL 10 has one that wants the license as a table, and knows no other field for it."""
    project = tmp_path / "pyproject.toml"
    shutil.copy(PROJECT / "pyproject.toml", project)
    text = parsed("rhel 10")
    command, _, _ = text[text.index("sed -i") :].partition("\n\n")
    subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True)
    before = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    after = tomllib.loads(project.read_text())
    assert after["build-system"]["requires"] == ["setuptools"]
    assert after["project"].pop("license") == {"text": before["project"].pop("license")}
    del before["project"]["license-files"]
    assert after["project"] == before["project"]


def test_the_configuration_that_comes_with_it_can_be_used() -> None:
    settings = config.load(SPEC.parent / "kojid.conf", {})
    assert settings.kojid.server == "https://koji.example.com/kojihub"


def test_where_it_says_that_things_are_kept_is_where_the_worker_keeps_them() -> None:
    named = {
        line.split()[1]
        for line in (SPEC.parent / "tmpfiles.conf").read_text().splitlines()
        if not line.startswith("#")
    }
    ours = config.load(SPEC.parent / "kojid.conf", {}).adjutant
    assert named == {str(ours.state_dir), str(ours.log_dir)}
