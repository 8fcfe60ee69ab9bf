"""What docs/install.md says: a wheel, in a virtual environment of its own."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import koji_adjutant
from tests.support.command import said

PROJECT = Path(__file__).parents[2]
BUILD = "import setuptools.build_meta as backend; backend.build_{}({!r})"

IMPORT_ALL = """
import importlib, pkgutil, koji_adjutant
# programs for containers, a plugin for a stock kojid, and what runs when it is imported
ELSEWHERE = (".tool", ".kojid_plugin", "__main__")
for each in pkgutil.walk_packages(koji_adjutant.__path__, "koji_adjutant."):
    if not any(part in each.name for part in ELSEWHERE):
        importlib.import_module(each.name)
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the sdist, made from what git has."""
    place = tmp_path_factory.mktemp("packages")
    said(["git", "clone", "--quiet", PROJECT, place / "source"])
    for kind in ("sdist", "wheel"):
        said([sys.executable, "-c", BUILD.format(kind, str(place))], cwd=place / "source")
    return place


@pytest.fixture(scope="module")
def installed(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment, with the versions of dependencies that the project is tested with."""
    lock = (PROJECT / "requirements.lock").read_text().splitlines()
    constraints = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    constraints.write_text("\n".join(line.rstrip(" \\") for line in lock if "==" in line))
    place = tmp_path_factory.mktemp("opt") / "koji-adjutant"
    (wheel,) = packages.glob("*.whl")
    said([sys.executable, "-m", "venv", place])
    said([place / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints, wheel])
    return place


def test_the_programs(installed: Path) -> None:
    version = said([installed / "bin/koji-adjutant", "--version"])
    assert version.strip().endswith(koji_adjutant.__version__)
    assert "--force-lock" in said([installed / "bin/kojid", "--help"])


def test_everything_can_be_imported(installed: Path) -> None:
    """Nothing is needed that only development has, and no file was left out."""
    said([installed / "bin/python", "-c", IMPORT_ALL], cwd=installed)


def test_what_comes_with_it(installed: Path) -> None:
    for name in (
        "share/man/man1/koji-adjutant.1",
        "share/man/man8/kojid.8",
        "share/bash-completion/completions/koji-adjutant",
        "lib/koji-builder-plugins/adjutant.py",
        "lib/systemd/system/kojid.service",
        "lib/systemd/system/koji-adjutant-gc.timer",
        "share/doc/koji-adjutant/logrotate/kojid",
        "share/selinux/packages/koji-adjutant.cil",
    ):
        assert (installed / name).is_file(), name


def test_a_machine_is_looked_at(installed: Path, tmp_path: Path) -> None:
    """Without a hub, and with nothing of this machine's configuration."""
    configuration = tmp_path / "kojid.conf"
    configuration.write_text(
        "[kojid]\nserver = http://127.0.0.1:9/kojihub\ntopurl = http://127.0.0.1:9/\n"
        f"workdir = {tmp_path}/work\n[adjutant]\nstate_dir = {tmp_path}/state\n"
        f"log_dir = {tmp_path}/log\nlog_file = {tmp_path}/kojid.log\n"
    )
    command = [str(installed / "bin/koji-adjutant"), "check", "-c", str(configuration), "--no-hub"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"ok    configuration: {configuration} can be used" in done.stdout
    assert "koji-adjutant image build" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_sdist_is_whole(packages: Path) -> None:
    (sdist,) = packages.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "contrib/systemd/kojid.service"} <= names
    assert {"koji_adjutant/monitoring/schema.sql", "contrib/man/koji-adjutant.1"} <= names
    assert {f"packaging/rpm/{name}" for name in ("koji-adjutant.spec", "kojid.conf", "Makefile")} <= names
