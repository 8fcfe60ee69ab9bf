"""The usr-merged tree that a .deb becomes."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.distribution.payload import Payload, escaped, merged, merged_link
from tests.distribution.run import DistributionError


def member(name: str, mode: int = 0o644, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname, info.mtime = mode, kind, link, 1_000_000_000
    info.size = 4 if kind == tarfile.REGTYPE else 0
    info.uname = info.gname = "root"
    return info


def directory(name: str, mode: int = 0o755) -> tarfile.TarInfo:
    return member(name, mode, tarfile.DIRTYPE)


def link(name: str, target: str) -> tarfile.TarInfo:
    return member(name, 0o777, tarfile.SYMTYPE, target)


def unpacked(root: Path, *members: tarfile.TarInfo, configuration: str = "") -> Payload:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for one in members:
            archive.addfile(one, io.BytesIO(b"text") if one.isreg() else None)
    stream.seek(0)
    root.mkdir()
    payload = Payload(root)
    payload.unpack(stream, frozenset(configuration.split()))
    return payload


def test_files_move_below_usr(tmp_path: Path) -> None:
    payload = unpacked(tmp_path / "root", directory("./bin"), member("./bin/true", 0o755), member("./etc/x"))
    assert list(payload.manifest()) == ['"/etc/x"', '"/usr/bin/true"']
    assert (tmp_path / "root/usr/bin/true").read_text() == "text"
    assert (tmp_path / "root/usr/bin/true").stat().st_mtime == 1_000_000_000


def test_link_to_itself_after_the_merge_vanishes(tmp_path: Path) -> None:
    members = (
        member("./bin/which"),
        link("./usr/bin/which", "../../bin/which"),
        link("./sbin/w", "/bin/which"),
    )
    payload = unpacked(tmp_path / "root", *members)
    assert sorted(payload.entries) == ["usr/bin/which", "usr/sbin/w"]


def test_owner_mode_configuration_and_licence_are_marked(tmp_path: Path) -> None:
    setgid = member("./usr/bin/chage", 0o2755)
    setgid.gid, setgid.gname = 42, "shadow"
    members = (setgid, member("./etc/conf"), member("./usr/share/doc/x/copyright"))
    payload = unpacked(tmp_path / "root", *members, configuration="etc/conf")
    assert list(payload.manifest()) == [
        '%config(noreplace) "/etc/conf"',
        '%attr(2755,root,shadow) "/usr/bin/chage"',
        '%license "/usr/share/doc/x/copyright"',
    ]


def test_directories_are_packed_where_they_are_empty_or_special(tmp_path: Path) -> None:
    directories = (directory("./var/lib"), directory("./var/lib/x"), directory("./etc/y"))
    files = (member("./etc/y/z"), member("./etc/ssl/key"))
    payload = unpacked(tmp_path / "root", directory("./etc/ssl", 0o700), *directories, *files)
    assert [line for line in payload.manifest() if line.startswith("%dir")] == [
        '%dir %attr(0700,root,root) "/etc/ssl"',
        '%dir %attr(0755,root,root) "/var/lib/x"',
    ]


def test_hard_links_stay_hard_links(tmp_path: Path) -> None:
    members = (member("./bin/perl", 0o755), member("./usr/bin/perl5", 0o755, tarfile.LNKTYPE, "./bin/perl"))
    payload = unpacked(tmp_path / "root", *members)
    assert payload.path("usr/bin/perl").samefile(payload.path("usr/bin/perl5"))


def test_manuals_and_translations_are_left_out(tmp_path: Path) -> None:
    members = (
        directory("./usr/share/man"),
        member("./usr/share/man/man1/x.1"),
        member("./usr/share/doc/x/NEWS"),
    )
    assert unpacked(tmp_path / "root", *members).entries == {}


@pytest.mark.parametrize("name", ["../outside", "usr/evil/x"])
def test_nothing_is_written_outside_the_tree(tmp_path: Path, name: str) -> None:
    with pytest.raises(DistributionError, match="outside the package's tree"):
        unpacked(tmp_path / "root", link("./usr/evil", str(tmp_path)), member(name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_merged_paths_and_links() -> None:
    assert merged("lib/x86_64-linux-gnu/libc.so.6") == "usr/lib/x86_64-linux-gnu/libc.so.6"
    assert merged("libexec/x") == "libexec/x"
    assert merged_link("lib/a/liby.so", "../../usr/lib/a/liby.so.1") == "liby.so.1"
    assert merged_link("usr/lib/a/libz.so", "../../../lib/a/libz.so.1") == "libz.so.1"
    assert merged_link("usr/bin/awk", "mawk") == "mawk"
    assert merged_link("lib64/ld.so", "/lib/a/ld.so") == "/lib/a/ld.so"


def test_names_are_literal_in_the_file_list() -> None:
    assert escaped("usr/bin/[") == "usr/bin/["
    assert escaped("a%b?{c}*") == "a%%b?{c}*"
