"""Checkouts of repositories that keep files with Git LFS, from a server that has both."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import SourceError
from tests.integration.scm.conftest import Get
from tests.support.http_server import CREDENTIALS, ProtectedFiles
from tests.support.lfs_server import pointer, serving_lfs
from tests.support.scm_servers import git_repository
from tests.support.tool_image import derived

TARBALL = b"\x1f\x8b what a tarball has" * 100
SMALL = b"another file"
FILES = {".gitattributes": "*.gz filter=lfs diff=lfs merge=lfs -text\n", "a.tar.gz": pointer(TARBALL)}


@pytest.mark.parametrize("at", ["/foo", "/foo/.git"])
def test_objects_are_fetched(place: Path, get: Get, at: str) -> None:
    """From the repository's own server, as git-lfs finds it; files that are no pointers are left alone."""
    git_repository(place / "foo", {**FILES, "b.gz": pointer(SMALL), "c.gz": "never was in LFS"})
    if at == "/foo":  # a bare repository's name
        (place / "foo").rename(place / "tree")
        (place / "foo").symlink_to("tree/.git")
    with serving_lfs(place, (TARBALL, SMALL)) as url:
        tree = get(f"git+{url}{at}#main")
    contents = {path.name: path.read_bytes() for path in (tree.path / "foo").glob("*.gz")}
    assert contents == {"a.tar.gz": TARBALL, "b.gz": SMALL, "c.gz": b"never was in LFS"}
    assert "Warning" not in tree.log


def test_the_repositorys_own_server_is_asked_whatever_it_says(place: Path, get: Get) -> None:
    git_repository(place / "foo", {**FILES, ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/elsewhere\n"})
    with serving_lfs(place, (TARBALL,)) as url:
        tree = get(f"git+{url}/foo/.git#main")
    assert (tree.path / "foo/a.tar.gz").read_bytes() == TARBALL


@pytest.mark.parametrize("branch", ["main", "f43"])
def test_an_object_that_the_server_has_not(place: Path, get: Get, branch: str) -> None:
    """That is what has failed, not the branch, which a clone knows by another name."""
    git_repository(place / "foo", FILES)
    for command in (["branch", "--force", "f43"], ["update-server-info"]):
        subprocess.run(["git", "-C", place / "foo", *command], check=True)
    with serving_lfs(place, ()) as url, pytest.raises(SourceError) as refusal:
        get(f"git+{url}/foo/.git#{branch}")
    assert str(refusal.value) == (
        'Error running GIT command "git reset --hard KOJI_FETCH_HEAD --", see checkout.log for details'
    )


def test_what_a_repository_excludes_is_named(place: Path, get: Get) -> None:
    git_repository(place / "foo", {**FILES, ".lfsconfig": "[lfs]\n\tfetchexclude = *.gz\n"})
    with serving_lfs(place, (TARBALL,)) as url:
        tree = get(f"git+{url}/foo/.git#main")
    assert "Warning: 'a.tar.gz' is only a pointer of Git LFS, because .lfsconfig excludes it" in tree.log


def test_a_password_is_used_and_seen_nowhere(place: Path, get: Get) -> None:
    git_repository(place / "foo", FILES)
    with serving_lfs(place, (TARBALL,), ProtectedFiles) as url:
        private = url.replace("://", f"://{CREDENTIALS}@")
        tree = get(f"git+{private}/foo/.git#main", password=True)
    assert (tree.path / "foo/a.tar.gz").read_bytes() == TARBALL
    assert "geheim" not in tree.log
    assert subprocess.run(["grep", "-r", "geheim", tree.path], check=False).returncode == 1


def test_without_git_lfs(
    place: Path, get: Get, engine: PodmanManager, tool_image: str, state_dir: Path
) -> None:
    """A pointer in the place of a tarball would fail in %prep, with words that name neither."""
    image = derived(engine, state_dir, tool_image, "without-git-lfs", ["rm", "/usr/bin/git-lfs"])
    git_repository(place / "foo", FILES)
    with serving_lfs(place, (TARBALL,)) as url, pytest.raises(SourceError) as refusal:
        get(f"git+{url}/foo/.git#main", image=image)
    assert str(refusal.value) == (
        "1 of the files are kept with Git LFS ('a.tar.gz' is one), and the tool image has no git-lfs "
        "to fetch them: make it anew with git-lfs in it"
    )


def test_submodules_are_named(place: Path, get: Get) -> None:
    git_repository(place / "foo", {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = https://h/x\n'})
    with serving_lfs(place, ()) as url:
        tree = get(f"git+{url}/foo/.git#main")
    assert (
        "Warning: .gitmodules names submodules; they are not fetched, as by any builder of koji" in tree.log
    )
