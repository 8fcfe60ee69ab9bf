"""Reading what repositories have, for a resolver without a network."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.buildroot.resolving.metadata import Metadata
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.errors import BuildrootError

REPOMD = """\
<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>1</revision>
  {data}
</repomd>
"""
DATA = """
  <data type="{kind}">
    <checksum type="sha256">{checksum}</checksum>
    <open-checksum type="sha256">{content}</open-checksum>
    <location href="{href}"/>
  </data>
"""


def fill(
    directory: Path, content: str = "content", packing: str = "gz", href: str = "repodata/{kind}.xml"
) -> None:
    """A repository with metadata of three kinds, one of which is not for a resolver."""
    data = ""
    for kind in ("primary", "group", "other"):
        packed = f"{kind} {content} {packing}".encode()
        place = href.format(kind=kind)
        checksum = hashlib.sha256(packed).hexdigest()
        data += DATA.format(kind=kind, checksum=checksum, content=f"{kind}{content}", href=place)
        if ".." not in place:
            (directory / place).parent.mkdir(parents=True, exist_ok=True)
            (directory / place).write_bytes(packed)
    (directory / "repodata").mkdir(exist_ok=True)
    (directory / "repodata" / "repomd.xml").write_text(REPOMD.format(data=data))


@pytest.fixture
def config(tmp_path: Path) -> BuildrootConfig:
    (tmp_path / "repo").mkdir()
    fill(tmp_path / "repo")
    return for_repos([str(tmp_path / "repo")], "x86_64", "build", network=False, options=TagOptions())


def test_the_key_is_of_the_content(config: BuildrootConfig, tmp_path: Path) -> None:
    key = Metadata(config).key
    shutil.copytree(tmp_path / "repo", tmp_path / "copy")
    moved = for_repos([str(tmp_path / "copy")], "x86_64", "build", network=True, options=TagOptions())
    assert Metadata(moved).key == key
    fill(tmp_path / "repo", content="more")
    assert Metadata(config).key != key


def test_what_a_repository_claims_to_contain_does_not_matter(config: BuildrootConfig, tmp_path: Path) -> None:
    """Another one with these claims would get its packages into the roots of this one's builds."""
    key = Metadata(config).key
    fill(tmp_path / "repo", packing="other files, of the same content as repomd.xml says")
    assert Metadata(config).key != key


def test_the_resolver_gets_what_it_reads(config: BuildrootConfig, tmp_path: Path) -> None:
    Metadata(config).fetch(tmp_path / "metadata")
    directory = tmp_path / "metadata" / "build"
    names = {path.name for path in (directory / "repodata").iterdir()}
    assert names == {"repomd.xml", "primary.xml", "group.xml"}
    index = RepoFiles(directory).repomd()
    assert index.href("primary") == "repodata/primary.xml"
    assert index.href("other") is None


def test_metadata_that_changed_meanwhile_is_refused(config: BuildrootConfig, tmp_path: Path) -> None:
    metadata = Metadata(config)
    fill(tmp_path / "repo", content="more")
    with pytest.raises(BuildrootError, match=r"primary\.xml is not what the repository's metadata says"):
        metadata.fetch(tmp_path / "metadata")


def test_metadata_outside_of_the_repository_is_refused(config: BuildrootConfig, tmp_path: Path) -> None:
    fill(tmp_path / "repo", href="../{kind}.xml")
    with pytest.raises(BuildrootError, match="outside of the repository"):
        Metadata(config).fetch(tmp_path / "metadata")


@pytest.mark.usefixtures("no_pauses")
def test_a_mirror_that_answers_will_do(config: BuildrootConfig) -> None:
    (repository,) = config.repositories
    mirrored = replace(repository, urls=["http://127.0.0.1:9/gone", *repository.urls])
    metadata = Metadata(replace(config, repositories=[mirrored]))
    assert metadata.key == Metadata(config).key
    # what answered is asked first for packages, too
    assert metadata.package_sources.locations == {"build": [*repository.urls, "http://127.0.0.1:9/gone"]}
    gone = replace(repository, urls=["http://127.0.0.1:9/gone"])
    with pytest.raises(BuildrootError, match="cannot be downloaded"):
        Metadata(replace(config, repositories=[gone]))
