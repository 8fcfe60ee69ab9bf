"""Package groups are read from a repository, whatever its metadata is compressed with."""

from __future__ import annotations

from pathlib import Path

import createrepo_c
import pytest

from koji_adjutant.demo.comps import DISTRIBUTIONS, read_groups
from koji_adjutant.demo.errors import DemoError
from tests.support.http_server import no_pauses, serving_files

__all__ = ["no_pauses"]

COMPS = """\
<comps>
  <group><id>build</id><packagelist>
    <packagereq type="mandatory">bash</packagereq><packagereq>gcc</packagereq>
  </packagelist></group>
  <group><id>srpm-build</id><packagelist><packagereq>git</packagereq></packagelist></group>
  <group><id>games</id><packagelist><packagereq>tetris</packagereq></packagelist></group>
</comps>
"""


def repository(path: Path, comps: bytes) -> Path:
    """Metadata with the file ``comps``, and no packages."""
    repodata = path / "repodata"
    repodata.mkdir(parents=True)
    (repodata / "comps").touch()
    record = createrepo_c.RepomdRecord("group", str(repodata / "comps"))
    record.fill(createrepo_c.SHA256)
    (repodata / "comps").write_bytes(comps)  # now: damaged ones could not be described
    repomd = createrepo_c.Repomd()
    repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump())
    return path


@pytest.mark.parametrize("compression", ["NO_COMPRESSION", "GZ", "BZ2", "XZ", "ZSTD"])
def test_the_groups_that_koji_needs_are_read(tmp_path: Path, compression: str) -> None:
    (tmp_path / "plain").write_text(COMPS)
    kind = getattr(createrepo_c, compression)
    createrepo_c.compress_file(str(tmp_path / "plain"), str(tmp_path / "compressed"), kind)
    repo = repository(tmp_path / "repo", (tmp_path / "compressed").read_bytes())
    assert read_groups(str(repo)) == {"build": ["bash", "gcc"], "srpm-build": ["git"]}


@pytest.mark.parametrize(
    ("comps", "message"),
    [
        (b"<comps/>", "has no group build and no group srpm-build"),
        (b"\x1f\x8bno gzip", "package groups of .* cannot be read"),
        (b"no XML", "package groups of .* cannot be read"),
    ],
)
def test_groups_that_cannot_be_had_are_a_sentence(tmp_path: Path, comps: bytes, message: str) -> None:
    with pytest.raises(DemoError, match=message):
        read_groups(str(repository(tmp_path, comps)))


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="is not a dnf repository"):
        read_groups(str(tmp_path))


def test_a_url_has_its_own_groups_or_those_of_fedoras_koji(tmp_path: Path) -> None:
    repository(tmp_path / "with", COMPS.encode())
    repository(tmp_path / "without", b"<comps><group><id>core</id></group></comps>")
    (tmp_path / "bare" / "repodata").mkdir(parents=True)
    (tmp_path / "bare" / "repodata" / "repomd.xml").write_text(createrepo_c.Repomd().xml_dump())
    fedoras = {name: list(packages) for name, packages in DISTRIBUTIONS.items()}
    with serving_files(tmp_path) as url:
        assert read_groups(f"{url}/with/") == {"build": ["bash", "gcc"], "srpm-build": ["git"]}
        assert read_groups(f"{url}/without/") == fedoras
        assert read_groups(f"{url}/bare/") == fedoras
        with pytest.raises(DemoError, match="is not a dnf repository"):
            read_groups(f"{url}/nothing/")


@pytest.mark.usefixtures("no_pauses")
def test_a_url_that_nobody_answers_is_said() -> None:
    with pytest.raises(DemoError, match=r"http://127\.0\.0\.1:9/repodata/repomd\.xml cannot be downloaded: "):
        read_groups("http://127.0.0.1:9/")
