"""Equal keys, equal roots; different roots, different keys."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.config import BuildrootConfig, PackageManagerOptions, TagOptions, for_repos
from koji_adjutant.buildroot.key import root_key
from koji_adjutant.errors import BuildrootError
from tests.unit.buildroot.test_repofiles import REPOMD, fill


@pytest.fixture
def config(tmp_path: Path) -> BuildrootConfig:
    (tmp_path / "repo").mkdir()
    fill(tmp_path / "repo")
    return for_repos([str(tmp_path / "repo")], "x86_64", "build", network=False, options=TagOptions())


def test_place_name_macros_and_network_do_not_matter(config: BuildrootConfig, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "repo", tmp_path / "copy")
    moved = for_repos(
        [str(tmp_path / "copy")], "x86_64", "build", network=True, options=TagOptions(vendor="V")
    )
    assert root_key(replace(moved, name="other"), "digest") == root_key(config, "digest")


@pytest.mark.parametrize(
    "change",
    [
        {"group": "srpm-build"},
        {"arch": "i386"},
        {"package_manager": PackageManagerOptions(releasever="41")},
        {"package_manager": PackageManagerOptions(module_hotfixes=True)},
        {"package_manager": PackageManagerOptions(module_setup_commands=[("enable", "a:1")])},
    ],
    ids=str,
)
def test_what_shapes_the_root_matters(config: BuildrootConfig, change: dict[str, object]) -> None:
    assert root_key(replace(config, **change), "digest") != root_key(config, "digest")  # type: ignore[arg-type]


def test_image_and_content_matter(config: BuildrootConfig, tmp_path: Path) -> None:
    key = root_key(config, "digest")
    assert root_key(config, "other digest") != key
    repomd = tmp_path / "repo" / "repodata" / "repomd.xml"
    for old, new in (("content", "other content"), (">comps<", ">other comps<")):
        repomd.write_text(REPOMD.replace(old, new))
        assert root_key(config, "digest") != key
    # only how it is packed
    repomd.write_text(REPOMD.replace(">packed<", ">packed otherwise<"))
    assert root_key(config, "digest") == key


def test_a_mirror_that_answers_will_do(config: BuildrootConfig, tmp_path: Path) -> None:
    (repository,) = config.repositories
    mirrored = replace(repository, urls=["http://127.0.0.1:9/gone", *repository.urls])
    assert root_key(replace(config, repositories=[mirrored]), "digest") == root_key(config, "digest")
    gone = replace(repository, urls=["http://127.0.0.1:9/gone"])
    with pytest.raises(BuildrootError, match="cannot be reached"):
        root_key(replace(config, repositories=[gone]), "digest")
