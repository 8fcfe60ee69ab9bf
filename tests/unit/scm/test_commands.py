"""The commands of a checkout, and what git does with our environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath

import koji.daemon
import pytest

from koji_adjutant.errors import SourceError
from koji_adjutant.scm.commands import ENVIRONMENT, checkout_commands
from koji_adjutant.scm.source import ScmSource

TREE = PurePosixPath("/checkout")


def commands(url: str) -> tuple[list[str], list[str]]:
    """fetch and common."""
    checkout = checkout_commands(ScmSource.of(koji.daemon.SCM(url)), TREE)
    return list(checkout.fetch), list(checkout.common)


@pytest.mark.parametrize(
    ("url", "repository", "common"),
    [
        ("git://h/a/foo#x", "git://h/a/foo", "git://h/a/common"),
        ("git+https://h/a/foo.git#x", "https://h/a/foo.git", "https://h/a/common.git"),
        ("git+http://h/a/foo/.git#x", "http://h/a/foo/.git", "http://h/a/common/.git"),
        ("git+ssh://me@h/a/foo#x", "ssh://me@h/a/foo", "ssh://me@h/a/common"),
    ],
)
def test_git(url: str, repository: str, common: str) -> None:
    fetch, fetch_common = commands(url)
    assert fetch == ["git", "clone", "--no-checkout", "--", repository, "/checkout/foo"]
    assert fetch_common == ["git", "clone", "--", common, "common"]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("git://h:9418/a/foo#x", "https://h/a/foo.git/info/lfs"),
        ("git+https://h/a/foo.git#x", "https://h/a/foo.git/info/lfs"),
        ("git+http://h:80/a/foo/.git#x", "http://h:80/a/foo/.git/info/lfs"),
        ("git+ssh://me@h/a/foo#x", "ssh://me@h/a/foo"),
    ],
)
def test_where_objects_of_git_lfs_are_looked_for(url: str, server: str) -> None:
    """As git-lfs derives it from a clone's URL (its documentation of server discovery)."""
    environment = checkout_commands(ScmSource.of(koji.daemon.SCM(url)), TREE).lfs
    asked = ["git", "config", "--get", "lfs.url"]
    configured = subprocess.run(asked, env={**os.environ, **environment}, check=True, capture_output=True)
    assert configured.stdout.decode() == f"{server}\n"


def test_origins_branch_is_fetched_by_its_name() -> None:
    checkout = checkout_commands(ScmSource.of(koji.daemon.SCM("git://h/foo#origin/main")), TREE)
    assert checkout.update[0] == ["git", "fetch", "--", "origin", "main:KOJI_FETCH_HEAD"]
    assert checkout.recovery == ["git", "reset", "--hard", "origin/main", "--"]


def test_svn_and_cvs() -> None:
    fetch, _ = commands("svn+https://h/repo?trunk/foo#12")
    assert fetch == [
        "svn",
        "checkout",
        "--non-interactive",
        "-r",
        "12",
        "--",
        "https://h/repo/trunk/foo",
        "trunk/foo",
    ]
    fetch, _ = commands("cvs://h/cvs?foo#TAG")
    assert fetch == ["cvs", "-d", ":pserver:anonymous@h:/cvs", "checkout", "-r", "TAG", "--", "foo"]
    fetch, _ = commands("cvs+ssh://me@h/cvs?foo#TAG")
    assert fetch[2] == ":ext:me@h:/cvs"
    fetch, _ = commands("cvs://h:2402/cvs?foo#TAG")
    assert fetch[2] == ":pserver:anonymous@h:2402/cvs"
    fetch, _ = commands("svn+ssh://me@h/repo?foo#1")
    assert fetch[-2] == "svn+ssh://me@h/repo/foo"
    fetch, common = commands("svn+http://h/repo?foo#1")
    assert (fetch[-2], common[-2]) == ("http://h/repo/foo", "http://h/repo/common")


@pytest.mark.parametrize("url", ["git+ssh://h/foo#x", "svn+ssh://h/repo?foo#1", "cvs+ssh://h/cvs?foo#T"])
def test_ssh_needs_a_user(url: str) -> None:
    with pytest.raises(SourceError, match="No user specified for repository access scheme"):
        commands(url)


@pytest.mark.parametrize("url", ["ext::sh -c 'touch pwned'", "file://{}"])
def test_git_refuses_other_transports(tmp_path: Path, url: str) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "repo")], check=True, capture_output=True)
    environment = {**ENVIRONMENT, "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        ["git", "clone", "--", url.format(tmp_path / "repo"), "copy"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "not allowed" in result.stderr
    assert not (tmp_path / "pwned").exists()
