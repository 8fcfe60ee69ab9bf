"""The packages that are built: sources of different weight, made into source packages first."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import requests

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.builds.scm_srpm import srpm_from_directory
from koji_adjutant.container.interface import ContainerManager
from tests.bench.errors import BenchError
from tests.bench.stage import ARCH, Stage

ARCHIVE = "http://deb.debian.org/debian/pool/main"
"""Checksums are ours, so the network need not be trusted."""

_SPECS = (Path(__file__).parents[1] / "packages", Path(__file__).parent / "packages")
_MAKE_SOURCES = ("/bin/bash", "-c", "if [ -f Makefile ]; then exec make sources; fi")


@dataclass(frozen=True)
class Recipe:
    """A directory with a spec file, the arch to build for, and a source of the archive: path and SHA-256."""

    name: str
    weight: str
    arch: str = ARCH
    archive_path: str = ""
    sha256: str = ""


_RSYNC = (
    "r/rsync/rsync_3.2.7.orig.tar.gz",
    "4e7d9d3f6ed10878c58c5fb724a67dacf4b6aac7340b13e488fb2dc41346f2bb",
)

RECIPES = (
    Recipe("greet-scripts", "scripts, noarch", "noarch"),
    Recipe("greet", "a small C library"),
    Recipe(
        "python-jinja2",
        "Python, noarch, with Python to be installed for it",
        "noarch",
        "j/jinja2/jinja2_3.1.2.orig.tar.gz",
        "31351a702a408a9e7595a8fc6150fc3f43bb6bf7e319770cbc0db9df9437e852",
    ),
    Recipe(
        "rsync",
        "a C program with a configure script, with two libraries to be installed for it",
        ARCH,
        *_RSYNC,
    ),
    Recipe("rsync-ten", "the same, compiled ten times", ARCH, *_RSYNC),
)
"""The lightest first."""

SMALL_C = "greet"
"""The package that a cycle is compared with."""

HEAVY = "rsync"
"""The heaviest that is built alone."""

LONG = "rsync-ten"
"""The package of which several are built at once, as on a farm that has much to do."""


@dataclass(frozen=True)
class SourcePackage:
    name: str
    srpm: Path
    arch: str


def source_package(stage: Stage, manager: ContainerManager, recipe: Recipe, sources: Path) -> SourcePackage:
    """Make the SRPM in a buildroot; sources of the archive are kept in ``sources``."""
    directory = stage.directory(f"source-{recipe.name}")
    checkout = directory / recipe.name
    (spec,) = (path / recipe.name for path in _SPECS if (path / recipe.name).is_dir())
    shutil.copytree(spec, checkout)
    if recipe.archive_path:
        shutil.copy(_fetched(recipe, sources), checkout)
    workspace = stage.workspace(manager, stage.state, directory)
    with open_buildroot(workspace, stage.config) as root:
        srpm = srpm_from_directory(root, checkout, _MAKE_SOURCES)
    return SourcePackage(recipe.name, srpm, recipe.arch)


def _fetched(recipe: Recipe, sources: Path) -> Path:
    """The source from the archive, downloaded unless it is there already."""
    path = sources / Path(recipe.archive_path).name
    if not path.exists() or _sha256(path.read_bytes()) != recipe.sha256:
        url = f"{ARCHIVE}/{recipe.archive_path}"
        try:
            answer = requests.get(url, timeout=60)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise BenchError(f"the source of {recipe.name} cannot be downloaded: {error}") from error
        if _sha256(answer.content) != recipe.sha256:
            raise BenchError(f"{url} is not what it was: its SHA-256 is {_sha256(answer.content)}")
        sources.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.content)
    return path


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
