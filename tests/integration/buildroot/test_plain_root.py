"""A root of its own for a long build: the same to the build, and nobody else's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot import root as root_module
from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.files.plain_root import copied
from koji_adjutant.buildroot.files.tree import changes, describe
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import build_rpms
from tests.integration.buildroot.fixtures import MakeSrpm, NewWorkspace, spec
from tests.support.waiting import until

LONG = 86400.0
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service+ep
ROOT_FILE_SYSTEM = ["stat", "--file-system", "--format=%T", "/"]


def file_system(root: Buildroot) -> str:
    """Of a build's /."""
    status, said = root.capture(ROOT_FILE_SYSTEM)
    assert status == 0
    return said.decode().strip()


def test_the_copy_is_what_the_overlay_shows(workspace: Workspace, config: BuildrootConfig) -> None:
    """Also where layers hide something of each other: an installation moves, replaces and removes files."""
    with open_buildroot(workspace, config) as root:
        root.install(packages=["libyaml-devel"])
        root.install(packages=["python3"])
        with workspace.mounted(Overlay(root._layers.lowers, workspace.workdir / "shown")) as shown:
            assert len(root._layers.lowers) == 3
            for name in ("usr/share/doc", "usr/bin/sort"):
                (shown / name).rename(shown / f"{name}.moved")
            (shown / "usr/bin/bash").chmod(0o4755)
            os.setxattr(shown / "usr/bin/env", "security.capability", CAPABILITY)
            assert copied(shown, workspace.workdir / "copy")
            assert changes(describe(shown), describe(workspace.workdir / "copy")) == []


def test_a_copy_that_would_lose_something_is_none(tmp_path: Path) -> None:
    """ramfs keeps no attributes."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "program").touch()
    os.setxattr(tmp_path / "root" / "program", "security.capability", CAPABILITY)
    (tmp_path / "place").mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", str(tmp_path / "place")], check=True)
    try:
        assert not copied(tmp_path / "root", tmp_path / "place" / "copy")
        assert not (tmp_path / "place" / "copy").exists()
    finally:
        subprocess.run(["umount", str(tmp_path / "place")], check=True)


def test_a_machine_without_the_programs_goes_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rm").symlink_to(shutil.which("rm") or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "root").mkdir()
    assert not copied(tmp_path / "root", tmp_path / "copy")


def test_a_long_build_has_a_plain_root_and_a_short_one_has_not(
    new_workspace: NewWorkspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    """What the hub says counts until the package was built here, which takes a moment."""
    srpm = make_srpm(
        spec(
            f"enduring-{uuid.uuid4().hex}",
            "BuildRequires: libyaml-devel\n",
            build="stat --file-system --format=%T / > kind\ntest -f /usr/include/yaml.h",
            install="install -D -m 644 kind %{buildroot}/usr/share/kind",
            files="/usr/share/kind",
        )
    )
    kinds = []
    for name in ("long", "short"):
        workspace = new_workspace(name)
        with open_buildroot(workspace, config) as root:
            build_rpms(root, srpm, arch="x86_64", usual_seconds=LONG)
            kinds.append(file_system(root))
            # rpm 4.20 and later have there what is installed, too
            built = {path.read_text().strip() for path in (root.home / "build/BUILD").rglob("kind")}
            assert built == {kinds[-1]}
        copied_it = "Copied for a long build in " in (workspace.resultdir / "root.log").read_text()
        assert copied_it is (name == "long")
    assert kinds[0] != "overlayfs"
    assert kinds[1] == "overlayfs"


def test_the_build_user_cannot_change_it_and_nobody_else_has_its_files(
    workspace: Workspace, config: BuildrootConfig
) -> None:
    with open_buildroot(workspace, config) as root:
        root.settle(LONG)
        assert root.capture(["touch", "/usr/bin/bash"])[0] != 0
        assert root.capture(["mkdir", "/usr/mine"])[0] != 0
        assert root.capture(["bash", "-c", "echo mine > /tmp/mine; cat /tmp/mine"]) == (0, b"mine\n")
        ours, stores = ((place / "usr/bin/bash").stat() for place in (root._path, root._layers.base))
        assert (ours.st_size, ours.st_nlink) == (stores.st_size, 1)
        assert (ours.st_dev, ours.st_ino) != (stores.st_dev, stores.st_ino)


def test_what_was_installed_and_written_before_is_there(
    workspace: Workspace, config: BuildrootConfig
) -> None:
    with open_buildroot(workspace, config) as root:
        assert root.capture(["bash", "-c", "echo kept | tee ~/kept /tmp/kept"])[0] == 0
        root.install(packages=["libyaml-devel"])
        root.settle(LONG)
        assert root.capture(["cat", "/builddir/kept", "/tmp/kept"]) == (0, b"kept\nkept\n")
        assert root.capture(["test", "-f", "/usr/include/yaml.h"])[0] == 0


def test_a_step_that_is_not_worth_it_goes_on_in_its_container(
    workspace: Workspace, config: BuildrootConfig
) -> None:
    with open_buildroot(workspace, config) as root:
        assert file_system(root) == "overlayfs"
        container = root._container
        root.settle(1.0)
        assert file_system(root) == "overlayfs"
        assert root._container == container


@pytest.fixture
def little_room(workspace: Workspace) -> Iterator[None]:
    """Have 100 MB for the task, where a root takes 400."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m,mode=755", "tmpfs", str(workspace.workdir)]
    subprocess.run(mount, check=True)
    yield
    subprocess.run(["umount", "--lazy", str(workspace.workdir)], check=True)


@pytest.mark.usefixtures("little_room")
def test_where_there_is_no_room_for_it_the_root_stays_an_overlay(
    workspace: Workspace, config: BuildrootConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_buildroot(workspace, config) as root:
        root.settle(LONG)
        assert file_system(root) == "overlayfs"
        # somebody else takes the room after the look at it
        monkeypatch.setattr(root_module, "is_worth_copying", lambda *_: True)
        root.settle(LONG)
        assert file_system(root) == "overlayfs"
        assert not list(workspace.workdir.glob("root-*/copy"))


def test_an_operator_can_do_without(workspace: Workspace, config: BuildrootConfig) -> None:
    for changed in ({"copy_roots": False}, {"disk_reserve": 1 << 60}):
        with open_buildroot(replace(workspace, **changed), config) as root:
            root.settle(LONG)
            assert file_system(root) == "overlayfs"
        shutil.rmtree(workspace.workdir)
        workspace.workdir.mkdir()


def test_how_long_a_package_takes_is_learned_on_this_machine(
    new_workspace: NewWorkspace, config: BuildrootConfig, make_srpm: MakeSrpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's figure is for the first time only: it has all waiting in it."""
    srpm = make_srpm(spec(f"learned-{uuid.uuid4().hex}", build="true"))
    asked = []
    monkeypatch.setattr(Buildroot, "settle", lambda _root, seconds: asked.append(seconds))
    for name in ("first", "second"):
        with open_buildroot(new_workspace(name), config) as root:
            build_rpms(root, srpm, arch="x86_64", usual_seconds=LONG)
    assert asked[0] == LONG
    assert 0 < asked[1] < LONG


def test_the_root_of_a_long_build_that_fails_is_kept_as_others_are(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    kept = FailedRoots(workspace.workdir.parent / "failed")
    srpm = make_srpm(spec("failing", build="echo evidence > evidence; false"))
    with (
        pytest.raises(Exception, match="error building package"),
        open_buildroot(replace(workspace, failed_roots=kept), config) as root,
    ):
        build_rpms(root, srpm, arch="x86_64", usual_seconds=LONG)
    with kept.open(config.name) as directory, tarfile.open(directory / "root.tar") as tree:
        assert list((directory / "builddir").rglob("evidence"))
        assert tree.getmember("./usr/bin/bash").size > 0


# a copy that takes its time, by another program of that name
COPYING = """
import sys
from pathlib import Path
from koji_adjutant.buildroot.files.plain_root import copied
copied(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_nothing_goes_on_copying_for_a_process_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "cp").write_text("#!/bin/sh\necho $$ > began\nexec sleep 1000\n")
    (tmp_path / "cp").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", COPYING, "root", "copy"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    began = tmp_path / "began"
    until(lambda: began.exists() and began.read_text().endswith("\n"), "it copies")
    copying = Path(f"/proc/{began.read_text().strip()}")
    assert copying.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not copying.exists(), "nobody copies")
