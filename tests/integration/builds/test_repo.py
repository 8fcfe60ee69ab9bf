"""Making repositories as kojid's createrepo task does, judged by createrepo_c's own reader."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import createrepo_c
import koji
import pytest

from koji_adjutant.buildroot.repofiles import RepoFiles
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo import CreateRepoRequest, MergeRepo, create_repo
from koji_adjutant.errors import AdjutantError
from tests.integration.buildroot.fixtures import NewWorkspace

PACKAGES = ("make", "patch", "zlib1g")
"""From the test distribution: they stand in for what a tag has."""


def packages_in(repodata: Path) -> set[str]:
    names = set()
    repomd = createrepo_c.Repomd(str(repodata / "repomd.xml"))
    (primary,) = [record for record in repomd.records if record.type == "primary"]
    path = repodata.parent / primary.location_href
    createrepo_c.xml_parse_primary(str(path), pkgcb=lambda package: names.add(package.name), do_files=False)
    return names


def origins_in(repodata: Path) -> Mapping[str, str]:
    href = RepoFiles(repodata.parent).repomd().href("origin")
    assert href is not None
    lines = gzip.decompress((repodata.parent / href).read_bytes()).decode().splitlines()
    return dict(line.split("\t")[:2] for line in lines)


@pytest.fixture
def topdir(tmp_path: Path, repo: Path) -> Path:
    """A hub's directory with one arch of one repo in INIT, and packages that it reaches through toplink."""
    top = tmp_path / "koji"
    arch = top / "repos" / "t-build" / "9" / "x86_64"
    arch.mkdir(parents=True)
    (arch.parent / "groups").mkdir()
    shutil.copy(repo / "comps.xml", arch.parent / "groups" / "comps.xml")
    (arch / "toplink").symlink_to("../../../..")
    (arch / "blocklist").touch()
    lines = []
    for name in PACKAGES:
        (path,) = (repo / "Packages").rglob(f"{name}-[0-9]*.rpm")
        target = top / "packages" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
        lines.append(f"toplink/packages/{path.name}\n")
    (arch / "pkglist").write_text("".join(lines))
    return top


@pytest.fixture
def request_(topdir: Path) -> CreateRepoRequest:
    repodir = topdir / "repos" / "t-build" / "9" / "x86_64"
    return CreateRepoRequest(topdir, repodir, 9, "x86_64", repodir.parent / "groups" / "comps.xml")


@pytest.fixture
def external(tmp_path: Path, repo: Path, new_workspace: NewWorkspace) -> str:
    """A repository of one package, elsewhere."""
    directory = tmp_path / "external" / "x86_64"
    directory.mkdir(parents=True)
    (path,) = (repo / "Packages").rglob("libyaml-dev-[0-9]*.rpm")
    shutil.copy(path, directory)
    (directory / "pkglist").write_text(f"{path.name}\n")
    workspace = new_workspace("external")
    create_repo(workspace, CreateRepoRequest(directory, directory, 1, "x86_64", directory / "none"))
    shutil.copytree(workspace.workdir / "repo" / "repodata", directory / "repodata")
    return (tmp_path / "external").as_uri() + "/$arch/"


def test_packages_of_the_tag(workspace: Workspace, request_: CreateRepoRequest) -> None:
    files = create_repo(workspace, request_)
    repodata = workspace.workdir / "repo" / "repodata"
    assert {path.name for path in files} == {path.name for path in repodata.iterdir()}
    assert packages_in(repodata) == set(PACKAGES)
    assert RepoFiles(repodata.parent).repomd().href("group") is not None
    assert "createrepo_c" in (workspace.resultdir / "createrepo.log").read_text()
    assert not (workspace.resultdir / "mergerepos.log").exists()
    assert not (request_.repodir / "repodata").exists()


@pytest.mark.parametrize("databases", [True, False])
def test_databases_for_yum(
    workspace: Workspace, request_: CreateRepoRequest, external: str, databases: bool
) -> None:
    with_external = replace(request_, databases=databases, external_repos=[MergeRepo(external)])
    made = {path.name for path in create_repo(workspace, with_external)}
    assert packages_in(workspace.workdir / "repo" / "repodata") == {*PACKAGES, "libyaml-dev"}
    assert any("sqlite" in name for name in made) is databases
    premerge = workspace.workdir / "repo_9_premerge" / "repodata"
    assert packages_in(premerge) == set(PACKAGES)
    assert not list(premerge.glob("*sqlite*"))


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
    (old / "pkgorigins.gz").touch()
    # gone: with --skip-stat it is not looked at, if the old data is used
    packages = list((request_.topdir / "packages").iterdir())
    packages[0].write_bytes(b"")
    second = new_workspace("second")
    files = create_repo(second, replace(request_, old_repodata=old))
    assert packages_in(second.workdir / "repo" / "repodata") == set(PACKAGES)
    assert "pkgorigins.gz" not in {path.name for path in files}


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


@pytest.mark.parametrize("mode", ["koji", "simple", "bare"])
def test_external_repos(workspace: Workspace, request_: CreateRepoRequest, external: str, mode: str) -> None:
    create_repo(workspace, replace(request_, external_repos=[MergeRepo(external, mode)]))
    repodata = workspace.workdir / "repo" / "repodata"
    assert packages_in(repodata) == {*PACKAGES, "libyaml-dev"}
    by_name = {koji.parse_NVRA(nvra)["name"]: url for nvra, url in origins_in(repodata).items()}
    assert by_name["libyaml-dev"] == external.replace("$arch", "x86_64")
    assert by_name["make"].startswith("file://")
    assert by_name["make"].endswith("/repo_9_premerge/")
    assert "mergerepo_c" in (workspace.resultdir / "mergerepos.log").read_text()


def test_an_external_repo_for_other_arches(
    workspace: Workspace, request_: CreateRepoRequest, external: str
) -> None:
    create_repo(workspace, replace(request_, external_repos=[MergeRepo(external, "koji", "aarch64 s390x")]))
    assert packages_in(workspace.workdir / "repo" / "repodata") == set(PACKAGES)


def test_blocked_packages_are_not_taken_from_outside(
    workspace: Workspace, request_: CreateRepoRequest, external: str
) -> None:
    (request_.repodir / "blocklist").write_text("libyaml\nlibyaml-dev\n")
    create_repo(workspace, replace(request_, external_repos=[MergeRepo(external)]))
    text = (workspace.resultdir / "mergerepos.log").read_text()
    assert "-b " in text


def test_mixed_merge_modes(workspace: Workspace, request_: CreateRepoRequest, external: str) -> None:
    repos = [MergeRepo(external, "koji"), MergeRepo(external, "bare")]
    with pytest.raises(AdjutantError, match="Found multiple merge modes for external repos"):
        create_repo(workspace, replace(request_, external_repos=repos))


def test_a_missing_package(workspace: Workspace, request_: CreateRepoRequest) -> None:
    shutil.rmtree(request_.topdir / "packages")
    with pytest.raises(AdjutantError, match=r"^failed to create repo: createrepo_c .* exited with status"):
        create_repo(workspace, request_)


def test_an_external_repo_that_is_not_there(workspace: Workspace, request_: CreateRepoRequest) -> None:
    nowhere = MergeRepo("http://127.0.0.1:9/$arch/")
    with pytest.raises(AdjutantError) as caught:
        create_repo(workspace, replace(request_, external_repos=[nowhere]))
    reason = "http://127.0.0.1:9/x86_64/: repodata/repomd.xml: [Errno 111] Connection refused"
    assert str(caught.value) == f"failed to merge repos: {reason}"
    assert reason in (workspace.resultdir / "mergerepos.log").read_text()
