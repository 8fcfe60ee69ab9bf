"""Packages written by hand are packages to createrepo_c."""

from __future__ import annotations

from pathlib import Path

import createrepo_c

from tests.bench.tiny_rpms import make_package, make_packages


def test_what_createrepo_reads(tmp_path: Path) -> None:
    paths = make_packages(tmp_path / "packages", 3)
    packages = [createrepo_c.package_from_rpm(str(path)) for path in paths]
    assert [package.name for package in packages] == ["tiny-00000", "tiny-00001", "tiny-00002"]
    assert ("", "/usr/share/tiny-00001/", "file-0") in [file[:3] for file in packages[1].files]
    assert len(packages[1].changelogs) == 10
    assert any(provided[0] == "capability(1.0)" for provided in packages[1].provides)


def test_another_version(tmp_path: Path) -> None:
    package = createrepo_c.package_from_rpm(str(make_package(tmp_path, 7, version="2")))
    assert package.nevra() == "tiny-00007-0:2-1.noarch"
