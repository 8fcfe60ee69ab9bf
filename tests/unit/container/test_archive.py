"""Tar streams in and out, with names and links as a hostile build would make them."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from koji_adjutant.container.archive import pack, unpack
from koji_adjutant.errors import EngineError


def tar(*members: tuple[str, bytes, str]) -> io.BytesIO:
    """(name, type, content or link target)"""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind, text in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
            else:
                member.linkname = text
                archive.addfile(member)
    stream.seek(0)
    return stream


FILE, LINK, HARD, DIR, PIPE = (
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)


@pytest.mark.parametrize(
    "members",
    [
        [("../outside", FILE, "x")],
        [("/outside", FILE, "x")],
        [("a/../../outside", FILE, "x")],
        [("link", LINK, "/etc/passwd")],
        [("link", LINK, "../outside")],
        [("a/link", LINK, "../../outside")],
        [("a/up", LINK, ".."), ("b", LINK, "a/up/../outside")],
        [("up", LINK, ".."), ("up/outside", FILE, "x")],
        [("here", LINK, "."), ("here/file", FILE, "x")],
        [("hard", HARD, "../outside")],
        [("hard", HARD, "/etc/passwd")],
        [("pipe", PIPE, "")],
    ],
)
def test_nothing_is_written_or_linked_outside(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "outside").write_text("untouched")
    with pytest.raises(EngineError):
        unpack(tar(*members), target)
    assert (tmp_path / "outside").read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "target"]


def test_a_file_that_replaces_a_link_does_not_follow_it(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/log").symlink_to(tmp_path / "outside")
    unpack(tar(("log", FILE, "new")), tmp_path / "target")
    assert not (tmp_path / "outside").exists()
    assert (tmp_path / "target/log").read_text() == "new"


def test_links_inside_and_hard_links_are_kept(tmp_path: Path) -> None:
    members = [
        ("d", DIR, ""),
        ("d/f", FILE, "x"),
        ("d/l", LINK, "../d/f"),
        ("l", LINK, "d"),
        ("h", HARD, "d/f"),
    ]
    unpack(tar(*members), tmp_path)
    assert (tmp_path / "d/l").read_text() == "x"
    assert (tmp_path / "l").readlink() == Path("d")
    assert (tmp_path / "h").stat().st_ino == (tmp_path / "d/f").stat().st_ino


def test_special_permission_bits_are_dropped(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("su")
        member.mode = 0o4755
        archive.addfile(member)
    stream.seek(0)
    unpack(stream, tmp_path)
    assert (tmp_path / "su").stat().st_mode & 0o7777 == 0o755


def test_an_archive_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    whole = tar(("file", FILE, "x" * 5000)).getvalue()
    with pytest.raises(EngineError, match="cannot be read"):
        unpack(io.BytesIO(whole[:2000]), tmp_path)


def test_what_is_packed_can_be_unpacked(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / ("long" * 60)).mkdir(parents=True)
    odd = os.fsdecode(b"latin-\xe9")
    (source / ("long" * 60) / odd).write_bytes(b"\0" * 3000)
    (source / "link").symlink_to("nowhere")
    (tmp_path / "target").mkdir()
    unpack(io.BytesIO(b"".join(pack(source))), tmp_path / "target")
    assert (tmp_path / "target/source" / ("long" * 60) / odd).read_bytes() == b"\0" * 3000
    assert (tmp_path / "target/source/link").readlink() == Path("nowhere")


def test_a_pipe_is_not_packed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EngineError, match="pipe"):
        list(pack(tmp_path / "pipe"))
