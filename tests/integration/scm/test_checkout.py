"""Checkouts from real svn, cvs and ssh servers, in containers."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.errors import SourceError
from koji_adjutant.scm.checkout import CheckoutOptions
from tests.integration.scm.conftest import Get
from tests.support.http_server import CREDENTIALS, ProtectedFiles, serving, serving_files
from tests.support.scm_servers import (
    CvsServer,
    SvnServer,
    git_repository,
    serve_cvs,
    serve_ssh,
    serve_svn,
    silent_server,
)

FILES = {"foo/foo.spec": "Name: foo\n"}


@pytest.fixture
def svn(place: Path) -> Iterator[SvnServer]:
    with serve_svn(place) as server:
        yield server


@pytest.fixture
def cvs(place: Path) -> Iterator[CvsServer]:
    with serve_cvs(place) as server:
        yield server


def test_svn(svn: SvnServer, get: Get) -> None:
    svn.commit("repo", {"trunk/foo/foo.spec": "1", "common/x.mk": ""})
    svn.commit("repo", {"trunk/foo/new": "2"})
    tree = get(svn.url("repo", "trunk/foo", 1), common=True)
    assert tree.commit is None
    assert {path.name for path in (tree.path / "trunk/foo").iterdir()} == {".svn", "foo.spec"}
    assert (tree.path / "trunk/common/x.mk").is_file()
    assert "$ svn checkout --non-interactive -r 1 -- svn://" in tree.log


def test_svn_failures(svn: SvnServer, get: Get) -> None:
    """An unknown revision, and an external that would come from the file system."""
    svn.commit("repo", FILES)
    with pytest.raises(SourceError, match=r'^Error running SVN command "svn checkout .*, see checkout\.log'):
        get(svn.url("repo", "foo", 99))
    inner = svn.tree("repo") / "foo/inner"
    subprocess.run(["svnadmin", "create", inner], check=True)
    svn.commit("repo", {}, externals="file:///checkout/foo/inner outer")
    with pytest.raises(SourceError, match=r"^the svn external at foo/outer is refused: file:///checkout/"):
        get(svn.url("repo", "foo", "HEAD"))


def test_cvs(cvs: CvsServer, get: Get) -> None:
    cvs.commit("mods/foo", {"foo.spec": "1"}, "TAG_1")
    cvs.commit("common", {"x.mk": ""}, "TAG_1")
    tree = get(cvs.url("mods/foo", "TAG_1"), common=True)
    assert (tree.path / "mods/foo/foo.spec").is_file()
    assert (tree.path / "mods/common/x.mk").is_file()
    with pytest.raises(
        SourceError, match=r'^Error running CVS command "cvs -d :pserver:anonymous@127.*NOTAG'
    ):
        get(cvs.url("mods/foo", "NOTAG"))


def test_a_password_is_seen_nowhere(cvs: CvsServer, get: Get) -> None:
    cvs.commit("foo", {"foo.spec": "1"}, "TAG_1")
    tree = get(cvs.url("foo", "HEAD", "me:secret@"), password=True)
    assert (tree.path / "foo/foo.spec").is_file()
    assert "secret" not in tree.log
    assert subprocess.run(["grep", "-r", "secret", tree.path], check=False).returncode == 1
    with pytest.raises(SourceError) as refusal:
        get(cvs.url("foo", "NOTAG", "me:secret@"), password=True)
    assert "me:***@" in str(refusal.value)


def test_ssh(place: Path, svn: SvnServer, cvs: CvsServer, get: Get) -> None:
    """All three systems, with the keys and the ssh configuration of the operator's directory."""
    svn.commit("repo", FILES)
    cvs.commit("foo", {"foo.spec": "1"}, "TAG_1")
    git_repository(place / "git/foo", {})
    with serve_ssh(place) as ssh:
        at = f"{ssh.user}@{ssh.host}{place}"
        urls = [
            f"git+ssh://{at}/git/foo#HEAD",
            f"svn+ssh://{at}/repo?foo#HEAD",
            f"cvs+ssh://{at}/cvs?foo#TAG_1",
        ]
        for url in urls:
            tree = get(url, CheckoutOptions(home=ssh.home))
            assert (tree.path / "foo").is_dir(), tree.log
            assert "-----BEGIN" not in tree.log
        with pytest.raises(SourceError, match=r'^Error running GIT\+SSH command "git clone'):
            get(f"git+ssh://{ssh.user}@{ssh.host}{place}/git/foo?none#HEAD")


def test_git_by_http(place: Path, get: Get) -> None:
    commit = git_repository(place / "foo", {})
    with serving_files(place) as url:
        tree = get(f"git+{url}/foo/.git#{commit}")
    assert tree.commit == commit


def test_a_password_for_git_is_seen_nowhere(place: Path, get: Get) -> None:
    """Neither when the server takes it nor when the server has no such repository."""
    git_repository(place / "foo", {})
    with serving(functools.partial(ProtectedFiles, directory=str(place))) as url:
        private = url.replace("://", f"://{CREDENTIALS}@")
        tree = get(f"git+{private}/foo/.git#HEAD", password=True)
        with pytest.raises(SourceError) as refusal:
            get(f"git+{private}/nothing/.git#HEAD", password=True)
    assert "geheim" not in tree.log + str(refusal.value)
    assert "me:***@" in str(refusal.value)
    assert subprocess.run(["grep", "-r", "geheim", tree.path], check=False).returncode == 1


def test_a_server_that_says_nothing(get: Get) -> None:
    with silent_server() as port, pytest.raises(SourceError, match=r"within 2 seconds \(checkout_timeout\)"):
        get(f"svn://127.0.0.1:{port}/repo?foo#1", CheckoutOptions(timeout=2))
