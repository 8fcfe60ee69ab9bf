"""Fedora's recipe, run for real with the dnf that is at hand, on a repository made from Debian packages."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.images import build
from koji_adjutant.images.fedora import DNF4, DNF5, FedoraPackages
from tests.integration.images.fedora_like import as_the_hosts, first_in_path, make_repository

REFERENCE = "localhost/koji-adjutant-fedora-like:latest"


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Not pytest's own, which would keep the hundreds of megabytes."""
    if not Path("/etc/debian_version").exists():
        pytest.skip(
            "the repository is made from Debian packages; a Fedora runs its recipe in all other tests"
        )
    if os.geteuid() != 0:
        pytest.skip("dnf --installroot needs root")
    with tempfile.TemporaryDirectory(prefix="adjutant-fedora-", dir="/var/tmp") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def repo(directory: Path) -> Path:
    resolvers = [DNF4, DNF5] if shutil.which("dnf5") else [DNF4]
    return make_repository(directory / "distribution", resolvers)


@pytest.fixture
def reference(engine: PodmanManager) -> Iterator[str]:
    yield REFERENCE
    engine.images.remove(REFERENCE)


@pytest.mark.parametrize(
    ("program", "release", "resolver", "lacking"),
    [
        ("dnf-3", {"ID": "centos", "VERSION_ID": "10"}, DNF4, DNF5),
        ("dnf5", {"ID": "fedora", "VERSION_ID": "45"}, DNF5, DNF4),
    ],
    ids=["dnf 4", "dnf5"],
)
def test_the_image_proves_itself(
    program: str,
    release: dict[str, str],
    resolver: str,
    lacking: str,
    directory: Path,
    repo: Path,
    engine: PodmanManager,
    state_dir: Path,
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dnf = shutil.which(program)
    if dnf is None:
        pytest.skip(f"the recipe is run with the host's {program}, and this host has none")
    (directory / program).mkdir()
    programs = as_the_hosts(directory / program, dnf, repo, lacking)
    monkeypatch.setenv("PATH", first_in_path(programs))
    monkeypatch.setattr(build, "host_packages", lambda: FedoraPackages(release))
    image, made = build.ensure_tool_image(engine, state_dir, print, reference=reference)
    assert made
    about = build.details(image)
    assert about["distribution"] == f"{release['ID']} {release['VERSION_ID']}"
    assert f"{resolver} " in about["tools"]
    assert lacking not in about["tools"]
