"""Reading a repository's files from a directory and by HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.repository.download import FileMissingError
from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.errors import BuildrootError

REPOMD = """\
<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <data type="primary">
    <checksum type="sha256">packed</checksum>
    <open-checksum type="sha256">content</open-checksum>
    <location href="repodata/primary.xml.gz"/>
  </data>
  <data type="group">
    <checksum type="sha256">comps</checksum>
    <location href="repodata/comps.xml"/>
  </data>
</repomd>
"""


def fill(directory: Path, repomd: str = REPOMD) -> None:
    (directory / "repodata").mkdir()
    (directory / "repodata" / "repomd.xml").write_text(repomd)


def test_directory_url_and_http_are_the_same(served: tuple[Path, str]) -> None:
    directory, url = served
    fill(directory)
    for location in (directory, str(directory), directory.as_uri(), url, f"{url}/"):
        index = RepoFiles(location).repomd()
        assert index.href("primary") == "repodata/primary.xml.gz"
        assert str(index.checksum("primary")) == "sha256:packed"
        assert str(index.checksum("group")) == "sha256:comps"
        assert index.href("origin") is None
        assert index.checksum("modules") is None


def test_a_missing_file_has_an_error_of_its_own(served: tuple[Path, str]) -> None:
    directory, url = served
    for location in (directory, url):
        with pytest.raises(FileMissingError, match=r"has no .*nothing"):
            RepoFiles(location).read("nothing")


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_is_not_there(served: tuple[Path, str]) -> None:
    _directory, url = served
    with pytest.raises(BuildrootError, match=r"https://.*/repomd.xml cannot be downloaded: "):
        RepoFiles(url.replace("http:", "https:")).read("repodata/repomd.xml")


def test_broken_repomd(tmp_path: Path) -> None:
    fill(tmp_path, "<repomd>")
    with pytest.raises(BuildrootError, match=r"repomd\.xml is not valid XML"):
        RepoFiles(tmp_path).repomd()


def test_a_file_of_a_directory_that_never_ends(tmp_path: Path) -> None:
    (tmp_path / "device").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(bytes(11))
    repository = RepoFiles(tmp_path)
    for name, refusal in (
        ("device", "is no regular file"),
        ("pipe", "is no regular file"),
        ("long", "has more than the 10 bytes that it may have"),
    ):
        with pytest.raises(BuildrootError, match=refusal):
            repository.read(name, limit=10)
    assert len(repository.read("long", limit=11)) == 11


def test_a_checksum_that_says_nothing(tmp_path: Path) -> None:
    fill(tmp_path, REPOMD.replace("packed", "").replace('<checksum type="sha256">comps', "<checksum>comps"))
    index = RepoFiles(tmp_path).repomd()
    for kind in ("primary", "group"):
        with pytest.raises(BuildrootError, match="is no checksum"):
            index.checksum(kind)
