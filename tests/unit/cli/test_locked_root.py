"""What `build --lock` makes of a lock of ours, and of one of mock's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koji_adjutant.buildroot.specification.lock import NAME
from koji_adjutant.buildroot.specification.mock_lock import MockLock
from koji_adjutant.cli.locked_root import LockedRoot, locked_root
from koji_adjutant.errors import LockError, UsageError
from tests.support.locks import example


def mocks(directory: Path, **config: object) -> Path:
    package = {"name": "a", "version": "1", "release": "1", "epoch": None, "arch": "noarch"}
    (directory / "repodata").mkdir(parents=True)
    (directory / "repodata" / "repomd.xml").touch()
    path = directory / "buildroot_lock.json"
    rpms = [package | {"sigmd5": "0" * 32}]
    path.write_text(json.dumps({"version": "1.1.0", "buildroot": {"rpms": rpms}, "config": config}))
    return path


def taken(file: Path, *, arch: str | None = None, repos: tuple[Path, ...] = ()) -> LockedRoot:
    return locked_root(file, [Path("a.src.rpm")], arch, repos=[*map(str, repos)], others=[])


def test_of_ours(tmp_path: Path) -> None:
    example().write(tmp_path)
    root = taken(tmp_path / NAME)
    assert root.tool_image_name == example().tool_image_name
    with pytest.raises(UsageError, match="do not go with --lock, which says it all"):
        taken(tmp_path / NAME, repos=(tmp_path,))


def test_of_mock_s(tmp_path: Path) -> None:
    macros = {"%vendor": "Us", "%_topdir": "/elsewhere"}
    root = taken(mocks(tmp_path, target_arch="x86_64", macros=macros), repos=(tmp_path,))
    assert isinstance(root.lock, MockLock)
    assert (root.lock.directory, root.arch, root.tool_image_name) == (tmp_path, "x86_64", None)
    assert root.config.macros["%vendor"] == "Us"
    assert root.config.macros["%_topdir"] == "/builddir/build"
    assert root.config.target_arch == "x86_64"
    assert not root.config.network


def test_mock_s_needs_the_directory_of_its_packages(tmp_path: Path) -> None:
    path = mocks(tmp_path)
    for repos in ((), (tmp_path, tmp_path), (tmp_path / "nothing",)):
        with pytest.raises(UsageError, match="mock-hermetic-repo --lockfile FILE --output-repo DIR"):
            taken(path, repos=repos)


def test_mock_s_is_for_an_arch(tmp_path: Path) -> None:
    path = mocks(tmp_path, target_arch="x86_64")
    assert taken(path, arch="noarch", repos=(tmp_path,)).arch == "noarch"
    with pytest.raises(LockError, match="the lock is of a buildroot for x86_64, not for aarch64"):
        taken(path, arch="aarch64", repos=(tmp_path,))
