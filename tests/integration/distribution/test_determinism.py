"""The same .debs give the same bytes, and unchanged inputs no work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distribution import build, repository, seeds
from tests.distribution.convert import Converter, built
from tests.distribution.debian import Version
from tests.distribution.own import recipes
from tests.distribution.recipe import Recipe
from tests.distribution.repository import Manifest
from tests.distribution.run import run

# Hard links, setuid programs, configuration, generated files, scriptlets; small ones.
SAMPLE = ("ca-certificates", "libc-bin", "libpam-runtime", "passwd", "perl-base", "zlib1g-dev")


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that differs from the usual one, which is the value."""
    before = os.umask(0o077)
    yield before
    os.umask(before)


def _sample(debs: Path, arch: str) -> list[Recipe]:
    found = []
    for name in SAMPLE:
        (deb, *_) = sorted(debs.glob(f"{name}_*.deb"))
        found.append(Recipe(name, Version(0, "1", "1"), arch, name, deb=deb.name, built=built(deb)))
    return found + recipes("amd64", "4.18", arch)


def _repository(output: Path, debs: Path, arch: str) -> dict[str, bytes]:
    """A repository of the sample: every file's content by its name."""
    packages = output / "repo/Packages"
    packages.mkdir(parents=True)
    config = Path(run(["rpm", "--eval", "%_rpmconfigdir"]).strip())
    converter = Converter(debs, packages, config)
    for recipe in _sample(debs, arch):
        converter.convert(recipe)
    repository.write_metadata(output / "repo", seeds.GROUPS, 1_700_000_000)
    return {path.name: path.read_bytes() for path in (output / "repo").rglob("*") if path.is_file()}


def test_same_packages_give_the_same_bytes(repo: Path, tmp_path: Path, umask: int) -> None:
    manifest = Manifest.load(repo)
    assert manifest is not None
    debs = repo.parent / "debs"
    first = _repository(tmp_path / "first", debs, manifest.arch)
    os.umask(umask)
    second = _repository(tmp_path / "a longer name, and another umask", debs, manifest.arch)
    assert sorted(first) == sorted(second)
    assert len([name for name in first if name.endswith(".rpm")]) == len(SAMPLE) + len(seeds.OWN)
    assert [name for name in first if first[name] != second[name]] == []


def test_second_run_does_nothing(repo: Path) -> None:
    said: list[str] = []
    assert build.build(repo.parent, say=said.append) == repo
    assert said == []


def test_new_indexes_with_the_same_packages_convert_nothing(repo: Path, tmp_path: Path) -> None:
    """As after `apt-get update`: what the repository was made from is noted anew, the RPMs are taken over."""
    manifest = Manifest.load(repo)
    assert manifest is not None
    output = tmp_path / "distribution"
    generation = output / "generations/one"
    shutil.copytree(repo / "Packages", generation / "Packages")
    Manifest("older indexes", manifest.lists, manifest.arch, manifest.packages).save(generation)
    repository.publish(generation, output)
    (output / "debs").symlink_to(repo.parent / "debs")

    said: list[str] = []
    made = build.build(output, say=said.append)
    assert any(line.startswith("converting 0 packages") for line in said)
    assert Manifest.load(made) == manifest
    for name in ("comps.xml", "repodata/repomd.xml"):
        assert (made / name).read_bytes() == (repo / name).read_bytes()
