"""How the buildroots of failed tasks are kept, and for how long."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time
from pathlib import Path
from typing import cast

import pytest

from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.container.interface import ContainerManager, ContainerSpec, LogSink, Owner
from koji_adjutant.container.tools import Tools
from koji_adjutant.errors import BuildrootError

EVERYTHING = 1 << 60
"""More free bytes than any disk has."""


@pytest.fixture
def roots(tmp_path: Path) -> FailedRoots:
    return FailedRoots(tmp_path)


def put(directory: Path, name: str, age: float) -> Path:
    root = directory / "kept" / name
    (root / "builddir").mkdir(parents=True)
    os.utime(root, (time.time() - age,) * 2)
    return root


def test_nobody_else_looks_into_them(roots: FailedRoots, tmp_path: Path) -> None:
    FailedRoots(tmp_path / "failed")
    assert (tmp_path / "failed").stat().st_mode & 0o777 == 0o700


def test_old_ones_go(roots: FailedRoots, tmp_path: Path) -> None:
    old, new = put(tmp_path, "old", 1000), put(tmp_path, "new", 10)
    leftover = tmp_path / "staging/died"
    leftover.mkdir()
    os.utime(leftover, (0, 0))
    roots.prune(lifetime=100, minimum_free=0)
    assert (old.exists(), new.exists(), leftover.exists()) == (False, True, False)


def test_all_go_when_the_disk_is_full_but_not_one_that_is_read(roots: FailedRoots, tmp_path: Path) -> None:
    for name in ("one", "two"):
        put(tmp_path, name, 10)
    with roots.open("two") as kept:
        roots.prune(lifetime=100, minimum_free=EVERYTHING)
        assert kept.exists()
        assert not (tmp_path / "kept/one").exists()
    roots.prune(lifetime=100, minimum_free=EVERYTHING)
    assert not (tmp_path / "kept/two").exists()


@pytest.mark.parametrize("name", ["f39-build-5-7", "../../etc-5-7", "a/b-5-7"])
def test_one_that_is_not_there(roots: FailedRoots, tmp_path: Path, name: str) -> None:
    missing = f"Buildroot directory is missing: {tmp_path}/kept/[^/]*$"
    with pytest.raises(BuildrootError, match=missing), roots.open(name):
        pass


def test_one_that_another_task_removes_meanwhile(
    roots: FailedRoots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "expired", lambda _lifetime: [tmp_path / "kept" / "gone"])
    old = put(tmp_path, "old", 1000)
    roots.prune(lifetime=100, minimum_free=EVERYTHING)
    assert not old.exists()


class OnThisMachine:
    """An engine whose containers are processes, with the mounts' paths in their command."""

    def run(self, spec: ContainerSpec, _output: LogSink) -> int:
        words = " ".join(spec.command)
        for mount in spec.mounts:
            words = words.replace(str(mount.target), str(mount.source))
        return subprocess.run(words.split(), check=False).returncode


def test_labels_of_this_machine_are_not_kept(roots: FailedRoots, tmp_path: Path) -> None:
    """Nobody else's SELinux would understand them; capabilities of programs are kept."""
    program = tmp_path / "tree" / "program"
    program.parent.mkdir()
    (tmp_path / "home").mkdir()
    program.touch()
    try:
        os.setxattr(program, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
        os.setxattr(program, "security.selinux", b"system_u:object_r:container_file_t:s0")
    except OSError:
        pytest.skip("only root may set these attributes")
    config = for_repos(["http://repo.test/"], "x86_64", "kept-1-1", network=False, options=TagOptions())
    tools = Tools(cast(ContainerManager, OnThisMachine()), "tools", Owner("1", "here"))
    roots.keep(config, program.parent, tmp_path / "home", [], tools=tools, log=io.BytesIO())
    with roots.open(config.name) as kept, tarfile.open(kept / "root.tar") as tree:
        names = {*tree.getmember("./program").pax_headers}
    assert {name for name in names if "security" in name} == {"SCHILY.xattr.security.capability"}
