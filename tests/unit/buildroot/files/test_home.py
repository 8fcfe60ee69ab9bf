"""A home directory, from a skeleton in which a package has put what it wanted."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files import home as module
from koji_adjutant.buildroot.files.home import make_home
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.errors import BuildrootError

MACROS = "%dist .x\n"


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    directory = tmp_path / "root" / "etc" / "skel"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A directory of the host."""
    directory = tmp_path / "victim"
    directory.mkdir()
    return directory


def make(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    make_home(home, tmp_path / "root", MACROS, uid=os.getuid(), gid=os.getgid())
    return home


def ours(home: Path) -> bool:
    """Whether what builds need is there."""
    return (home / ".rpmmacros").read_text() == MACROS and (home / "build" / "SPECS").is_dir()


def test_a_skeleton_is_copied(skeleton: Path, tmp_path: Path) -> None:
    (skeleton / ".config" / "deep").mkdir(parents=True)
    (skeleton / ".config" / "deep" / "program").write_text("x")
    (skeleton / ".config" / "deep" / "program").chmod(0o4755)
    (skeleton / ".link").symlink_to("/etc/shadow")
    os.utime(skeleton / ".config" / "deep" / "program", (1, 2))
    home = make(tmp_path)
    assert ours(home)
    copy = home / ".config" / "deep" / "program"
    assert (copy.read_text(), stat.S_IMODE(copy.stat().st_mode), copy.stat().st_mtime) == ("x", 0o755, 2)
    assert (home / ".link").readlink() == Path("/etc/shadow")


def test_links_that_lead_to_the_hosts_files_are_not_written_through(
    skeleton: Path, victim: Path, tmp_path: Path
) -> None:
    (victim / "passwd").write_text("root")
    (skeleton / ".rpmmacros").symlink_to(victim / "passwd")
    (skeleton / "build").symlink_to(victim)
    (skeleton / "scmroot").symlink_to(victim)
    home = make(tmp_path)
    assert ours(home)
    assert not os.path.lexists(home / "scmroot")
    assert [path.name for path in victim.iterdir()] == ["passwd"]
    assert (victim / "passwd").read_text() == "root"


def test_a_source_package_finds_no_link_where_it_is_put(skeleton: Path, victim: Path, tmp_path: Path) -> None:
    (skeleton / "build" / "originals").mkdir(parents=True)
    (skeleton / "build" / "originals" / "source.src.rpm").symlink_to(victim / "passwd")
    home = make(tmp_path)
    assert list((home / "build" / "originals").iterdir()) == []


@pytest.mark.parametrize("name", ["etc", "etc/skel"])
def test_a_skeleton_that_is_a_link_to_the_hosts_files_is_not_read(
    name: str, skeleton: Path, victim: Path, tmp_path: Path
) -> None:
    (victim / "secret").touch()
    (victim / "skel").mkdir()
    (victim / "skel" / "secret").touch()
    (tmp_path / "root" / name).rename(tmp_path / "aside")
    (tmp_path / "root" / name).symlink_to(victim)
    assert {path.name for path in make(tmp_path).iterdir()} == {"build", ".rpmmacros"}


def test_a_root_without_a_skeleton(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    assert ours(make(tmp_path))


def test_pipes_and_sockets_are_left_out(skeleton: Path, tmp_path: Path) -> None:
    os.mkfifo(skeleton / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(skeleton / "socket"))
    assert {path.name for path in make(tmp_path).iterdir()} == {"build", ".rpmmacros"}


def test_a_skeleton_that_is_too_large(skeleton: Path, tmp_path: Path) -> None:
    (skeleton / "hole").touch()
    os.truncate(skeleton / "hole", module.SKELETON_BYTES + 1)
    with pytest.raises(BuildrootError, match="/etc/skel of the buildroot has more than 64 MiB"):
        make(tmp_path)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_skeleton_of_too_many_files(
    skeleton: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SKELETON_FILES", 3)
    for name in "abcd":
        (skeleton / name).touch()
    with pytest.raises(BuildrootError, match="or 3 files"):
        make(tmp_path)


@pytest.mark.parametrize(("name", "depth"), [("d", sys.getrecursionlimit() + 100), ("d" * 250, 20)])
def test_a_skeleton_that_is_deeper_than_pythons_stack_or_paths(
    name: str, depth: int, skeleton: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(skeleton)
    for _ in range(depth):
        os.mkdir(name)  # noqa: PTH102 - no path leads there
        os.chdir(name)
    try:
        if len(name) * depth < 4096:
            assert ours(make(tmp_path))
        else:
            with pytest.raises(BuildrootError, match=r"/etc/skel of the buildroot cannot be copied: .*too"):
                make(tmp_path)
    finally:
        remove_tree(tmp_path / "root")  # pytest could not
        remove_tree(tmp_path / "home")
