"""Where packages may come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.errors import BuildrootError


def package(base: str) -> PackageFile:
    return PackageFile("a-1-1.noarch", "sha256:aa", 1, "build", "a.rpm", base)


def test_the_web_and_the_repositories_directories(tmp_path: Path) -> None:
    PackageSources({}, [tmp_path]).check([package("https://elsewhere.example"), package(tmp_path.as_uri())])


@pytest.mark.parametrize("base", ["file:///etc", "/etc", "ftp://x", "{repo}/../x", "{repo}/%2e%2e/x"])
def test_no_other_place(base: str, tmp_path: Path) -> None:
    sources = PackageSources({}, [tmp_path])
    with pytest.raises(BuildrootError, match="names a place that packages must not come from"):
        sources.check([package(base.format(repo=tmp_path.as_uri()))])


def test_what_a_directory_has(tmp_path: Path) -> None:
    sources = PackageSources({"build": ["http://repo.example", tmp_path.as_uri()]}, [tmp_path])
    wanted = PackageFile("a-1-1.noarch", "sha256:aa", 1, "build", "a+1.rpm")
    assert not sources.has(wanted)
    (tmp_path / "a+1.rpm").touch()
    assert sources.has(wanted)
