"""Taking results out of a hostile user's directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koji_adjutant.builds import results
from koji_adjutant.builds.results import package_names, remove_file, take_packages
from koji_adjutant.errors import BuildFailed
from tests.support.rpm_file import write_rpm

RPMS = ("build", "RPMS")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "build" / "RPMS").mkdir(parents=True)
    (tmp_path / "secret.rpm").write_text("the host's")
    return tmp_path / "home"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "result").mkdir()
    return tmp_path / "result"


def test_takes_what_is_there(home: Path, target: Path) -> None:
    there = home / "build" / "RPMS"
    write_rpm(there, "b", "1", arch="noarch", payload=b"of b")
    write_rpm(there, "a++", "1~rc1^2", payload=b"of a")
    (there / "build.log").write_text("a log")
    taken = take_packages(home, RPMS, target)
    assert [path.name for path in taken] == ["a++-1~rc1^2-1.x86_64.rpm", "b-1-1.noarch.rpm"]
    assert [path.read_bytes() for path in taken] == [(there / path.name).read_bytes() for path in taken]
    assert all(path.stat().st_uid == os.getuid() for path in taken)


def test_a_link_is_refused(home: Path, target: Path, tmp_path: Path) -> None:
    (home / "build" / "RPMS" / "x-1-1.noarch.rpm").symlink_to(tmp_path / "secret.rpm")
    with pytest.raises(BuildFailed, match="not a regular file"):
        take_packages(home, RPMS, target)
    assert not list(target.iterdir())


@pytest.mark.parametrize("level", ["build", "build/RPMS"])
def test_a_linked_directory_is_refused(home: Path, target: Path, tmp_path: Path, level: str) -> None:
    elsewhere = tmp_path / "elsewhere" / "RPMS"
    elsewhere.mkdir(parents=True)
    (elsewhere / "x-1-1.noarch.rpm").write_text("the host's")
    directory = home / level
    if level == "build":
        (directory / "RPMS").rmdir()
    directory.rmdir()
    directory.symlink_to(elsewhere if level == "build/RPMS" else elsewhere.parent)
    with pytest.raises(BuildFailed, match="not a plain directory"):
        take_packages(home, RPMS, target)
    with pytest.raises(BuildFailed, match="not a plain directory"):
        package_names(home, RPMS)


def test_a_pipe_does_not_make_us_wait(home: Path, target: Path) -> None:
    os.mkfifo(home / "build" / "RPMS" / "x-1-1.noarch.rpm")
    with pytest.raises(BuildFailed, match="not a regular file"):
        take_packages(home, RPMS, target)


def test_a_directory_is_no_package(home: Path, target: Path) -> None:
    (home / "build" / "RPMS" / "x-1-1.noarch.rpm").mkdir()
    with pytest.raises(BuildFailed, match="not a regular file"):
        take_packages(home, RPMS, target)


@pytest.mark.parametrize("name", [".hidden.rpm", "-rf.rpm", "a b.rpm", "a\nb.rpm", "é.rpm", "a;b.rpm"])
def test_names_are_packages_names(home: Path, target: Path, name: str) -> None:
    (home / "build" / "RPMS" / name).touch()
    with pytest.raises(BuildFailed, match="whose name is not a package's"):
        take_packages(home, RPMS, target)


def test_remove_does_not_follow(home: Path, tmp_path: Path) -> None:
    link = home / "build" / "RPMS" / "x.rpm"
    link.symlink_to(tmp_path / "secret.rpm")
    remove_file(home, RPMS, "x.rpm")
    assert not link.is_symlink()
    assert (tmp_path / "secret.rpm").exists()


def test_two_of_one_name(home: Path, target: Path) -> None:
    (home / "build" / "RPMS" / "a-1-1.src.rpm").touch()
    (target / "a-1-1.src.rpm").touch()
    with pytest.raises(BuildFailed, match=r"two files that are called a-1-1\.src\.rpm"):
        take_packages(home, RPMS, target)


@pytest.mark.parametrize("content", [b"", b"no package", b"\xed\xab\xee\xdb" + bytes(200)])
def test_what_is_no_package_is_not_copied(home: Path, target: Path, content: bytes) -> None:
    (home / "build" / "RPMS" / "x-1-1.noarch.rpm").write_bytes(content)
    with pytest.raises(BuildFailed, match=r"the build left x-1-1\.noarch\.rpm, which is no RPM package$"):
        take_packages(home, RPMS, target)
    assert not list(target.iterdir())


def lengthened(home: Path, length: int) -> Path:
    """A package that ends in a hole."""
    package = write_rpm(home / "build" / "RPMS", "x")
    os.truncate(package, length)
    return package


def test_holes_stay_holes(home: Path, target: Path) -> None:
    package = lengthened(home, 1 << 27)
    (copy,) = take_packages(home, RPMS, target)
    assert copy.stat().st_size == 1 << 27
    assert copy.read_bytes() == package.read_bytes()
    assert copy.stat().st_blocks <= package.stat().st_blocks < 2048


def test_what_is_longer_than_any_package(home: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LARGEST", 1 << 20)
    lengthened(home, 3 << 20)
    with pytest.raises(BuildFailed, match=r"a length of 3\.0 MiB: no package is that large"):
        take_packages(home, RPMS, target)
    assert not list(target.iterdir())


def test_what_there_is_no_room_for(home: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = os.statvfs(target)
    monkeypatch.setattr(results, "LARGEST", 1 << 62)
    lengthened(home, disk.f_bavail * disk.f_frsize + (1 << 40))
    with pytest.raises(BuildFailed, match=r"a length of .* TiB, and only .* are free"):
        take_packages(home, RPMS, target)
    assert not list(target.iterdir())
