"""Finding the template, and putting archives into a directory that a packager has laid out."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.builds import wrapper_srpm
from koji_adjutant.builds.scm_srpm import SourceTree
from koji_adjutant.builds.wrapper_srpm import Archive, find_template
from koji_adjutant.errors import SpecError
from tests.support.trees import DEEP, bury, deep_place

__all__ = ["deep_place"]


def tree(directory: Path, *files: str) -> SourceTree:
    for file in files:
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).touch()
    return SourceTree(directory, PurePosixPath("/builddir/scmroot/x"), {})


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["x.spec.tmpl", "x.spec"], "x.spec.tmpl"),
        (["b.spec.tmpl", "a.spec.tmpl"], "a.spec.tmpl"),
        (["x.spec.tmpl", "rpm/y.spec.tmpl"], "rpm/y.spec.tmpl"),
        (["b/y.spec.tmpl", "a/z.spec.tmpl"], "b/y.spec.tmpl"),
    ],
)
def test_which_template(tmp_path: Path, files: list[str], found: str) -> None:
    template = find_template(tree(tmp_path, *files), "git://x")
    assert template.inside / template.name == PurePosixPath("/builddir/scmroot/x") / found
    assert template.outside / template.name == tmp_path / found


def test_a_template_in_a_deep_tree(deep_place: Path) -> None:
    deep = deep_place.joinpath(*["d"] * DEEP)
    bury(deep_place)
    (deep / "x.spec.tmpl").touch()
    assert find_template(tree(deep_place), "git://x").outside == deep
    below = deep / ("e" * 250) / ("e" * 250) / ("e" * 250) / ("e" * 250) / ("e" * 250) / ("e" * 250)
    below.mkdir(parents=True)
    (below / "y.spec.tmpl").touch()
    with pytest.raises(SpecError, match=r"'y\.spec\.tmpl' is in a directory that is too deep"):
        find_template(tree(deep_place), "git://x")


def test_no_template_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.spec.tmpl").touch()
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout/link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SpecError, match="no spec file template found at URL: git://x"):
        find_template(tree(tmp_path / "checkout"), "git://x")


def test_a_name_that_no_file_should_have(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is not acceptable"):
        find_template(tree(tmp_path, "x\n.spec.tmpl"), "git://x")


def test_archives_do_not_follow_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A taken name becomes the whole path; whatever is there under that name gives way."""
    monkeypatch.setattr(wrapper_srpm, "BUILD_UID", os.getuid())
    monkeypatch.setattr(wrapper_srpm, "BUILD_GID", os.getgid())
    original, victim, directory = tmp_path / "original", tmp_path / "victim", tmp_path / "directory"
    original.write_text("archive")
    directory.mkdir()
    for name in ("x.jar", "packages-a-x.jar"):
        (directory / name).symlink_to(victim)
    archive = Archive(PurePosixPath("packages/a/x.jar"), original)
    wrapper_srpm._put_beside(archive, directory)
    assert not victim.exists()
    assert (directory / "x.jar").is_symlink()
    copy = directory / "packages-a-x.jar"
    assert (copy.is_symlink(), copy.read_text()) == (False, "archive")
    wrapper_srpm._put_beside(Archive(PurePosixPath("packages/a/y.jar"), original), directory)
    assert (directory / "y.jar").read_text() == "archive"
