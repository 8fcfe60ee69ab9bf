"""A tag with packages of the test distribution, and looks at the repository that is made of it."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path

import createrepo_c
import pytest

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.builds.repo import CreateRepoRequest

PACKAGES = ("make", "patch", "zlib1g")
"""From the test distribution: they stand in for what a tag has."""


def packages_in(repodata: Path) -> set[str]:
    names = set()
    repomd = createrepo_c.Repomd(str(repodata / "repomd.xml"))
    (primary,) = [record for record in repomd.records if record.type == "primary"]
    path = repodata.parent / primary.location_href
    createrepo_c.xml_parse_primary(str(path), pkgcb=lambda package: names.add(package.name), do_files=False)
    return names


def origins_in(repodata: Path) -> Mapping[str, str]:
    href = RepoFiles(repodata.parent).repomd().href("origin")
    assert href is not None
    lines = gzip.decompress((repodata.parent / href).read_bytes()).decode().splitlines()
    return dict(line.split("\t")[:2] for line in lines)


def kinds_in(repodata: Path) -> set[str]:
    return {record.type for record in createrepo_c.Repomd(str(repodata / "repomd.xml")).records}


@pytest.fixture
def topdir(tmp_path: Path, repo: Path) -> Path:
    """A hub's directory with one arch of one repo in INIT, and packages that it reaches through toplink."""
    top = tmp_path / "koji"
    arch = top / "repos" / "t-build" / "9" / "x86_64"
    arch.mkdir(parents=True)
    (arch.parent / "groups").mkdir()
    shutil.copy(repo / "comps.xml", arch.parent / "groups" / "comps.xml")
    (arch / "toplink").symlink_to("../../../..")
    (arch / "blocklist").touch()
    lines = []
    for name in PACKAGES:
        (path,) = (repo / "Packages").rglob(f"{name}-[0-9]*.rpm")
        target = top / "packages" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
        lines.append(f"toplink/packages/{path.name}\n")
    (arch / "pkglist").write_text("".join(lines))
    return top


@pytest.fixture
def request_(topdir: Path) -> CreateRepoRequest:
    repodir = topdir / "repos" / "t-build" / "9" / "x86_64"
    return CreateRepoRequest(topdir, repodir, 9, "x86_64", repodir.parent / "groups" / "comps.xml")
