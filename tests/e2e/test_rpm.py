"""The project's own package: built from its git repository by the project itself, and installed with dnf."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import koji_adjutant
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.e2e.test_install import IMPORT_ALL
from tests.integration.distribution.chroot import Root
from tests.support.git_daemon import git_daemon
from tests.support.python_rpms import make_repository

PROJECT = Path(__file__).parents[2]
STATE = default_output().parent / "state"
EVR = f"{koji_adjutant.__version__}-1.demo1"
PLUGIN = "/usr/lib/koji-builder-plugins/adjutant.py"
GENERATOR = Path("/usr/lib/rpm/pythondistdeps.py")

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="installing a root and changing into it needs root"),
    pytest.mark.skipif(
        not GENERATOR.exists(), reason=f"this host's rpm, and so the distribution's, has no {GENERATOR}"
    ),
]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where repositories and roots are put: pytest would keep them if they lay in its own directory."""
    directory = Path(tempfile.mkdtemp(prefix="adjutant-rpm-", dir="/var/tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def distribution() -> Path:
    return build_distribution(default_output(), say=print)


@pytest.fixture(scope="module")
def python(place: Path) -> Path:
    """A repository with what the distribution lacks: Python packages, and stand-ins for Fedora's macros."""
    (place / "python").mkdir()
    return make_repository("koji-adjutant", place / "python")


@pytest.fixture(scope="module")
def results(place: Path, distribution: Path, python: Path) -> Path:
    """The directory of RPMs and logs: from a commit, through a source package, all of it in containers."""
    subprocess.run(["git", "clone", "--quiet", "--bare", PROJECT, place / "git/koji-adjutant"], check=True)
    with git_daemon(place / "git") as server:
        source = server.url("koji-adjutant", "HEAD", "packaging/rpm")
        options = [f"--repo={distribution}", f"--repo={python}", "--group=srpm-build", "--network=host"]
        options += [f"--state-dir={STATE}", f"--resultdir={place}/results"]
        command = [sys.executable, "-m", "koji_adjutant.cli", "build", source, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place / "results"


@pytest.fixture(scope="module")
def root(place: Path, distribution: Path, python: Path, results: Path) -> Root:
    """A root in which dnf has installed the worker, and what its packages say that they need."""
    (place / "root").mkdir()
    root = Root(place / "root", place, distribution, [python])
    ours = [package(results), package(results, "-builder")]
    root.install("filesystem", "bash", "coreutils", "libc-bin", *ours)
    return root


def package(results: Path, suffix: str = "") -> Path:
    return results / f"koji-adjutant{suffix}-{EVR}.noarch.rpm"


def query(*arguments: str | Path) -> list[str]:
    command = ["rpm", "-qp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_packages(results: Path) -> None:
    built = sorted(each.name for each in results.glob("*.rpm"))
    assert built == [
        f"koji-adjutant-{EVR}.noarch.rpm",
        f"koji-adjutant-{EVR}.src.rpm",
        f"koji-adjutant-builder-{EVR}.noarch.rpm",
        f"koji-adjutant-kojid-plugin-{EVR}.noarch.rpm",
    ]


def test_dependencies_are_those_of_pyproject(results: Path) -> None:
    """Found by rpm's own generator, so a bound is there too."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    required = query("--requires", package(results))
    assert {one.partition("dist(")[2].partition(")")[0] for one in required if "dist(" in one} == wanted
    assert any("dist(podman)" in one and "< 6" in one for one in required)
    assert {"podman", "python(abi) = {}.{}".format(*sys.version_info)} <= set(required)


def test_the_service_is_in_a_package_of_its_own(results: Path) -> None:
    builder = package(results, "-builder")
    assert query("--configfiles", builder) == ["/etc/kojid/kojid.conf", "/etc/logrotate.d/kojid"]
    assert query("--conflicts", builder) == ["koji-builder"]
    files = query("--list", package(results))
    assert "/usr/bin/kojid" not in files
    assert not [each for each in files if "systemd" in each]
    scripts = query("--scripts", builder)
    assert ": post kojid.service koji-adjutant-gc.timer" in scripts
    # a restart would end what runs
    assert ": reload kojid.service" in scripts


def test_the_plugin_goes_with_a_stock_kojid(results: Path) -> None:
    plugin = package(results, "-kojid-plugin")
    assert query("--list", plugin) == ["/usr/lib/koji-builder-plugins", PLUGIN]
    assert "koji-builder" in query("--requires", plugin)


def test_what_was_installed_is_whole(root: Root) -> None:
    assert root.query("-V", "koji-adjutant", "koji-adjutant-builder") == []
    configuration = (root.path / "etc/kojid/kojid.conf").stat()
    assert stat.S_IMODE(configuration.st_mode) == 0o640
    for name in (
        "usr/share/man/man1/koji-adjutant-build.1",
        "usr/share/man/man8/kojid.8",
        "usr/share/bash-completion/completions/koji-adjutant",
        "usr/lib/systemd/system/kojid.service",
        "usr/share/doc/koji-adjutant/docs/install.md",
        "usr/share/doc/koji-adjutant-builder/prometheus/alerts.yml",
    ):
        assert list((root.path / name).parent.glob(f"{Path(name).name}*")), name


def test_its_programs_run(root: Root) -> None:
    assert root.run("koji-adjutant", "--version").strip().endswith(koji_adjutant.__version__)
    assert "--force-lock" in root.run("kojid", "--help")
    assert "Usage" in root.run("koji-adjutant", "verify-provenance", "--help")
    root.run("/usr/bin/python3", "-c", IMPORT_ALL)


def test_the_machine_is_looked_at(root: Root) -> None:
    """The configuration that came with the package can be used; of podman there is only a name here."""
    said = root.run("sh", "-c", "koji-adjutant check --no-hub || echo status $?")
    assert "ok    configuration: /etc/kojid/kojid.conf can be used" in said
    assert "podman" in said
    assert "status 0" not in said
    assert "status" in said
