"""runroot.conf and save_failed_tree.conf: the stock plugins' files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import koji
import pytest

from koji_adjutant.config.runroot import RunrootConfig
from koji_adjutant.config.save_failed_tree import SaveFailedTreeConfig
from koji_adjutant.container.interface import VolumeMount

RUNROOT = """\
[paths]
default_mounts = /mnt/archive
safe_roots = /mnt/work/tmp,/mnt/old
path_subs =
    /mnt/old/,/mnt/archive/old/

[path1]
mountpoint = /mnt
path = {host}
fstype = none
options = bind

[path0]
mountpoint = /mnt/archive
path = {host}/archive
fstype = none
options = ro,bind
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for name in ("archive/old/things", "work/tmp/compose", "work/tmpfiles"):
        (tmp_path / "host" / name).mkdir(parents=True)
    return tmp_path / "host"


@pytest.fixture
def file(host: Path, tmp_path: Path) -> Path:
    path = tmp_path / "runroot.conf"
    path.write_text(RUNROOT.format(host=host))
    return path


def test_default_mounts_are_as_the_file_says(file: Path, host: Path) -> None:
    archive = VolumeMount(host / "archive", PurePosixPath("/mnt/archive"), read_only=True)
    assert RunrootConfig.read(file).mounts([]) == [archive]


def test_extra_mounts_are_writable_and_substituted(file: Path, host: Path) -> None:
    mounts = RunrootConfig.read(file).mounts(["/mnt/work/tmp/compose", "/mnt/old/things"])[1:]
    assert mounts == [
        VolumeMount(host / "work/tmp/compose", PurePosixPath("/mnt/work/tmp/compose")),
        VolumeMount(host / "archive/old/things", PurePosixPath("/mnt/archive/old/things")),
    ]


@pytest.mark.parametrize(
    "path", ["/etc", "/mnt/work", "/mnt/work/tmpfiles", "/mnt/work/tmp/../..", "mnt/work/tmp", ""]
)
def test_a_mount_outside_the_safe_roots(file: Path, path: str) -> None:
    with pytest.raises(koji.GenericError, match=f"read-write mount point is not safe: {path}"):
        RunrootConfig.read(file).mounts([path])


def test_a_link_that_leads_out(file: Path, host: Path) -> None:
    (host / "work/tmp/evil").symlink_to("/etc")
    with pytest.raises(koji.GenericError, match="leads out of"):
        RunrootConfig.read(file).mounts(["/mnt/work/tmp/evil"])


def test_a_directory_that_is_not_there(file: Path) -> None:
    with pytest.raises(koji.GenericError, match="No such directory or mount"):
        RunrootConfig.read(file).mounts(["/mnt/work/tmp/nothing"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[paths]\ndefault_mounts = relative\n", "needs to be absolute: relative"),
        ("[paths]\nsafe_roots = /a/../b\n", "needs to be absolute"),
        ("[paths]\npath_subs = /a\n", "bad runroot substitution: /a"),
        ("[path0]\nmountpoint = /a\n", "missing options in path0 section"),
        ("[path0]\nmountpoint=/a\npath=nfs:/x\nfstype=nfs\noptions=ro\n", "path0 is no bind mount"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "runroot.conf").write_text(text)
    with pytest.raises(koji.GenericError, match=message):
        RunrootConfig.read(tmp_path / "runroot.conf")


def test_a_mount_that_no_section_covers(tmp_path: Path) -> None:
    (tmp_path / "runroot.conf").write_text("[paths]\ndefault_mounts = /a\n")
    with pytest.raises(koji.GenericError, match="missing corresponding mountpoint for /a"):
        RunrootConfig.read(tmp_path / "runroot.conf").mounts([])


def test_no_files(tmp_path: Path) -> None:
    assert RunrootConfig.read(tmp_path / "runroot.conf").mounts([]) == []
    assert SaveFailedTreeConfig.read(tmp_path / "save_failed_tree.conf") == SaveFailedTreeConfig([], None)


@pytest.mark.parametrize("section", ["general", "global"])
def test_save_failed_tree(tmp_path: Path, section: str) -> None:
    path = tmp_path / "save_failed_tree.conf"
    path.write_text(f"[{section}]\nvolume = big\n[filters]\npaths = */tmp/krb5cc */etc/*.keytab\n")
    found = SaveFailedTreeConfig.read(path)
    assert (found.path_filters, found.volume) == (["*/tmp/krb5cc", "*/etc/*.keytab"], "big")
