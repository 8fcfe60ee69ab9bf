"""What a checkout container gets of the worker's home directory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from koji_adjutant.errors import ConfigError
from koji_adjutant.scm.home import HOME, scm_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with credentials of all kinds, and things that are nobody's business."""
    monkeypatch.setattr(os, "chown", lambda *_arguments, **_options: None)  # unit tests are not root
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    (home / ".ssh/config.d").mkdir(parents=True)
    (home / ".subversion/auth").mkdir(parents=True)
    for name in (".ssh/id_rsa", ".ssh/config.d/a", ".subversion/auth/x", ".netrc", ".cvspass", ".bashrc"):
        (home / name).write_text(name)
    with socket.socket(socket.AF_UNIX) as control:
        control.bind("home/.ssh/control")
    return home


@pytest.mark.parametrize(
    ("scmtype", "names"),
    [
        ("GIT", {".netrc"}),
        ("SVN", {".subversion", ".subversion/auth", ".subversion/auth/x"}),
        ("CVS", {".cvspass"}),
        ("CVS+SSH", {".ssh", ".ssh/id_rsa", ".ssh/config.d", ".ssh/config.d/a"}),
    ],
)
def test_only_what_the_program_reads(tmp_path: Path, home: Path, scmtype: str, names: set[str]) -> None:
    with scm_home(tmp_path, home, scmtype) as mounts:
        assert all(mount.read_only for mount in mounts)
        copy = next(mount.source for mount in mounts if mount.target == HOME)
        found = list(copy.rglob("*"))
        assert {str(path.relative_to(copy)) for path in found} == names
        assert all(path.stat().st_mode & 0o077 == 0 for path in found)
    assert not copy.exists()


def test_no_credentials(tmp_path: Path, home: Path) -> None:
    with scm_home(tmp_path, None, "GIT+SSH") as mounts:
        assert list(mounts[0].source.iterdir()) == []
    assert home.exists()


def test_credentials_that_cannot_be_read(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, _target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr("shutil.copyfile", refuse)
    with (
        pytest.raises(ConfigError, match=r"in scm_home cannot be read: .*\.netrc"),
        scm_home(tmp_path, home, "GIT"),
    ):
        pass
