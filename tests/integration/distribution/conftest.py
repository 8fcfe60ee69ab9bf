"""The distribution, made or found made, and roots installed from it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distribution import seeds
from tests.distribution.build import build, default_output
from tests.integration.distribution.chroot import Root


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository in its usual place, so that nothing is converted twice on a machine."""
    if not Path("/etc/debian_version").exists():
        pytest.skip("the test distribution is made from Debian packages; this is no Debian host")
    return build(default_output())


@pytest.fixture(scope="session")
def roots(repo: Path) -> Iterator[Path]:
    """Where roots are put: hundreds of megabytes that pytest would keep if they lay in its own directory."""
    if os.geteuid() != 0:
        pytest.skip("installing a root and changing into it needs root")
    if shutil.which("dnf") is None:
        pytest.skip("these tests judge the repository with the host's dnf: run `apt-get install dnf`")
    directory = Path(tempfile.mkdtemp(prefix="adjutant-roots-", dir="/var/tmp"))
    yield directory
    shutil.rmtree(directory)


def _root(roots: Path, repo: Path, name: str, *specs: str | Path) -> Root:
    """Groups are given by their packages: asked for one, Debian 13's dnf crashes in its libcomps."""
    path = roots / name
    path.mkdir()
    root = Root(path, roots, repo)
    root.install(*specs)
    return root


@pytest.fixture(scope="session")
def build_root(roots: Path, repo: Path) -> Root:
    """The group build with a build user; tests may add packages to it."""
    root = _root(roots, repo, "build", *seeds.GROUPS["build"])
    root.add_builder()
    return root


@pytest.fixture(scope="session")
def srpm_root(roots: Path, repo: Path) -> Root:
    """The group srpm-build with a build user."""
    root = _root(roots, repo, "srpm-build", *seeds.GROUPS["srpm-build"])
    root.add_builder()
    return root


@pytest.fixture(scope="session")
def full_root(roots: Path, repo: Path) -> Root:
    """Every package there is."""
    return _root(roots, repo, "full", "*")
