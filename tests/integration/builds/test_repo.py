"""Making repositories as kojid's createrepo task does, judged by createrepo_c's own reader."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo import CreateRepoRequest, create_repo
from koji_adjutant.errors import AdjutantError
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.integration.builds.tags import PACKAGES, kinds_in, packages_in


def test_packages_of_the_tag(workspace: Workspace, request_: CreateRepoRequest) -> None:
    files = create_repo(workspace, request_)
    repodata = workspace.workdir / "repo" / "repodata"
    assert {path.name for path in files} == {path.name for path in repodata.iterdir()}
    assert packages_in(repodata) == set(PACKAGES)
    assert RepoFiles(repodata.parent).repomd().href("group") is not None
    assert "createrepo_c" in (workspace.resultdir / "createrepo.log").read_text()
    assert not (workspace.resultdir / "mergerepos.log").exists()
    assert not (request_.repodir / "repodata").exists()


def test_an_empty_tag(workspace: Workspace, request_: CreateRepoRequest) -> None:
    (request_.repodir / "pkglist").write_text("")
    files = create_repo(workspace, request_)
    assert "EMPTY_REPO" in {path.name for path in files}
    assert packages_in(workspace.workdir / "repo" / "repodata") == set()


def test_old_repodata_is_recycled(
    workspace: Workspace, new_workspace: NewWorkspace, request_: CreateRepoRequest
) -> None:
    create_repo(workspace, request_)
    old = workspace.workdir / "repo" / "repodata"
    # gone: with --skip-stat it is not looked at, if the old data is used
    packages = list((request_.topdir / "packages").iterdir())
    packages[0].write_bytes(b"")
    second = new_workspace("second")
    create_repo(second, replace(request_, old_repodata=old))
    assert packages_in(second.workdir / "repo" / "repodata") == set(PACKAGES)


def test_no_old_comps(workspace: Workspace, new_workspace: NewWorkspace, request_: CreateRepoRequest) -> None:
    """createrepo_c since 1.0 would keep what the tag has no more."""
    create_repo(workspace, request_)
    old = workspace.workdir / "repo" / "repodata"
    assert "group" in kinds_in(old)
    second = new_workspace("second")
    create_repo(second, replace(request_, old_repodata=old, groupdata=Path("/none"), databases=False))
    assert kinds_in(second.workdir / "repo" / "repodata") == {"primary", "filelists", "other"}


@pytest.mark.parametrize("damage", ["repomd.xml", "filelists", "all"])
def test_damaged_old_repodata(
    workspace: Workspace, new_workspace: NewWorkspace, request_: CreateRepoRequest, damage: str
) -> None:
    create_repo(workspace, request_)
    old = workspace.workdir / "repo" / "repodata"
    for path in old.iterdir():
        if damage == "all" or (damage in path.name and "sqlite" not in path.name):
            path.unlink()
    second = new_workspace("second")
    create_repo(second, replace(request_, old_repodata=old))
    assert packages_in(second.workdir / "repo" / "repodata") == set(PACKAGES)
    assert "--update" not in (second.resultdir / "createrepo.log").read_text()


def test_old_databases_are_not_taken_over(
    workspace: Workspace, new_workspace: NewWorkspace, request_: CreateRepoRequest
) -> None:
    create_repo(workspace, request_)
    old = workspace.workdir / "repo" / "repodata"
    (old / "of-an-earlier-time-primary.sqlite.bz2").touch()
    second = new_workspace("second")
    files = {path.name for path in create_repo(second, replace(request_, old_repodata=old))}
    assert len([name for name in files if "sqlite" in name]) == 3
    assert "of-an-earlier-time-primary.sqlite.bz2" not in files


def test_a_missing_package(workspace: Workspace, request_: CreateRepoRequest) -> None:
    shutil.rmtree(request_.topdir / "packages")
    with pytest.raises(AdjutantError, match=r"^failed to create repo: createrepo_c .* exited with status"):
        create_repo(workspace, request_)
