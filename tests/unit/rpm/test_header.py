from __future__ import annotations

import struct
from pathlib import Path

import koji
import pytest

from koji_adjutant.errors import SourceError
from koji_adjutant.rpm.header import RpmHeader, Tag, identity, signature_header
from tests.support.rpm_headers import Value, header, write_rpm, write_srpm

HEADER = 96 + 16
"""Where the main header starts, after lead and empty signature."""


@pytest.fixture
def srpm(tmp_path: Path) -> Path:
    return write_srpm(tmp_path / "hello-1.0-1.src.rpm", EXCLUSIVEARCH=["x86_64", "aarch64"], EPOCH=3)


def test_what_it_says(srpm: Path) -> None:
    header = RpmHeader(srpm)
    assert (header.text(Tag.NAME), header.number(Tag.EPOCH)) == ("hello", 3)
    assert header.texts(Tag.EXCLUSIVEARCH) == ["x86_64", "aarch64"]
    assert header.is_source
    assert header.source_file_name == srpm.name


def test_what_it_does_not_say(srpm: Path) -> None:
    header = RpmHeader(srpm)
    assert header.text(Tag.PACKAGER) is None
    assert header.number(Tag.ARCH) is None
    assert header.texts(Tag.EXCLUDEARCH) == []


def overwrite(path: Path, offset: int, data: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("offset", "data"),
    [
        pytest.param(HEADER + 8, struct.pack(">I", 2**32 - 1), id="endless index"),
        pytest.param(HEADER + 12, struct.pack(">I", 2**32 - 1), id="endless store"),
        pytest.param(HEADER + 16 + 12, struct.pack(">I", 2**32 - 1), id="endless array"),
        pytest.param(HEADER + 16 + 8, struct.pack(">I", 2**31), id="data outside the header"),
        pytest.param(HEADER, b"not", id="no header"),
        pytest.param(0, b"", id="cut off"),
    ],
)
def test_a_hostile_file_is_refused_at_once(offset: int, data: bytes, srpm: Path) -> None:
    if data:
        overwrite(srpm, offset, data)
    else:
        srpm.write_bytes(srpm.read_bytes()[:-5])
    with pytest.raises(SourceError, match=r"^hello-1.0-1.src.rpm is not a readable RPM file: "):
        RpmHeader(srpm)


@pytest.mark.parametrize("content", [b"", b"text", b"\xed\xab\xee\xdb" + bytes(92)])
def test_no_rpm(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.rpm").write_bytes(content)
    with pytest.raises(SourceError, match=r"^x.rpm is not a readable RPM file: "):
        RpmHeader(tmp_path / "x.rpm")


def test_values_of_the_wrong_kind(tmp_path: Path) -> None:
    header = RpmHeader(write_rpm(tmp_path / "odd.rpm", {Tag.NAME: 7, Tag.EPOCH: "three"}))
    with pytest.raises(SourceError, match=r"^odd\.rpm is not a readable RPM file: its NAME is no text"):
        header.text(Tag.NAME)
    with pytest.raises(SourceError, match="its EPOCH is no number"):
        header.number(Tag.EPOCH)


def test_a_kind_that_there_is_not(srpm: Path) -> None:
    overwrite(srpm, HEADER + 16 + 4, struct.pack(">I", 77))
    with pytest.raises(SourceError, match="Unknown header data type"):
        RpmHeader(srpm).text(Tag.NAME)


FORMAT_6 = Path(__file__).parents[2] / "packages" / "hello-v6" / "hello-v6-1-1.noarch.rpm"


@pytest.mark.parametrize(
    ("files", "flags", "spec"),
    [
        (["a.c", "b.spec"], [0, 32], "b.spec"),
        (["a.spec", "b.spec"], [0, 32 | 1], "b.spec"),
        (["a.spec", "b.spec"], [0, 0], "a.spec"),
        (["a.spec", "b.spec"], [32], "a.spec"),
        (["a.spec"], [], "a.spec"),
        (["a.c", "b.spec"], [32, 0], "b.spec"),
        (["a.c"], [32], None),
        ([], [32], None),
    ],
)
def test_which_file_is_the_spec(files: list[str], flags: list[int], spec: str | None, tmp_path: Path) -> None:
    more: dict[str, Value] = {}
    if files:
        more["BASENAMES"] = files
    if flags:
        more["FILEFLAGS"] = flags
    srpm = write_srpm(tmp_path / "a.src.rpm", "a", "1", "1", **more)
    assert RpmHeader(srpm).spec == spec


def test_a_package_of_format_6_is_known_by_the_digest_that_koji_prefers() -> None:
    assert identity(signature_header(FORMAT_6)) == (
        "sha3-256::c5e9f747580d8eb4991227bf9aa5e5c0d0c29786e16e68b789d817d4ab491cf8"
    )
    assert RpmHeader(FORMAT_6).text(Tag.NAME) == "hello-v6"


@pytest.mark.parametrize(
    ("digests", "known_by"),
    [
        ({koji.RPM_SIGTAG_SHA1: "aa", koji.RPM_SIGTAG_SHA256: "bb"}, "sha256::bb"),
        ({koji.RPM_SIGTAG_SHA1: "aa"}, "sha1::aa"),
        ({}, None),
    ],
)
def test_what_else_a_package_is_known_by(digests: dict[int, str], known_by: str | None) -> None:
    assert identity(header(digests)) == known_by


@pytest.mark.parametrize("digest", ["", "a\nb", 7, ["aa"]])
def test_a_digest_that_is_none_identifies_nothing(digest: Value) -> None:
    signature = header({koji.RPM_SIGTAG_SHA256: digest, koji.RPM_SIGTAG_SHA1: "x y"})
    with pytest.raises(SourceError, match="digests that are none"):
        identity(signature)


def test_a_signature_header_that_leads_out_of_itself_is_refused(tmp_path: Path) -> None:
    package = tmp_path / FORMAT_6.name
    package.write_bytes(FORMAT_6.read_bytes())
    overwrite(package, 96 + 16 + 12, struct.pack(">I", 2**32 - 1))
    with pytest.raises(SourceError, match="leads out of the header"):
        signature_header(package)


def entry(path: Path, tag: Tag) -> int:
    """Where a tag's entry of the main header's index is in a file."""
    content = path.read_bytes()
    (entries,) = struct.unpack(">I", content[HEADER + 8 : HEADER + 12])
    places = range(HEADER + 16, HEADER + 16 + 16 * entries, 16)
    (place,) = (at for at in places if struct.unpack(">I", content[at : at + 4]) == (tag,))
    return place


def test_texts_that_do_not_end(srpm: Path) -> None:
    """koji would begin again at the header's start, each time."""
    whole = srpm.stat().st_size
    overwrite(srpm, entry(srpm, Tag.EXCLUSIVEARCH) + 8, struct.pack(">II", 0, 20))
    content = srpm.read_bytes()
    (store,) = struct.unpack(">I", content[HEADER + 12 : HEADER + 16])
    (entries,) = struct.unpack(">I", content[HEADER + 8 : HEADER + 12])
    start = HEADER + 16 + 16 * entries
    overwrite(srpm, start, content[start : start + store].replace(b"\0", b"x"))
    assert srpm.stat().st_size == whole
    with pytest.raises(SourceError, match="a text does not end in it"):
        RpmHeader(srpm).texts(Tag.EXCLUSIVEARCH)


def test_entries_that_say_the_same_bytes_over_and_over(srpm: Path) -> None:
    content = srpm.read_bytes()
    (store,) = struct.unpack(">I", content[HEADER + 12 : HEADER + 16])
    for tag in (Tag.EXCLUSIVEARCH, Tag.NAME):
        overwrite(srpm, entry(srpm, tag) + 8, struct.pack(">II", 0, store // 2 + 1))
    with pytest.raises(SourceError, match="leads out of the header"):
        RpmHeader(srpm)
