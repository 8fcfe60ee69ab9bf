"""Merging external repositories into a tag's, by the tool image's programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import koji
import pytest

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo import CreateRepoRequest, MergeRepo, create_repo
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import AdjutantError
from koji_adjutant.images.build import details
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.integration.builds.tags import PACKAGES, kinds_in, origins_in, packages_in
from tests.support.http_server import CREDENTIALS, ProtectedFiles, QuietFiles, serving

NewExternal = Callable[[str, str], str]

PROGRAM = shutil.which("createrepo_c", path=str(Path(sys.executable).parent)) or "createrepo_c"
"""One that knows zstd: the bindings that the worker needs are new enough for that."""


@pytest.fixture
def new_external(tmp_path: Path, repo: Path) -> NewExternal:
    """Repositories of one package of the test distribution, elsewhere."""

    def make(name: str, compression: str) -> str:
        directory = tmp_path / f"external-{name}-{compression}"
        (directory / "x86_64").mkdir(parents=True)
        (package,) = (repo / "Packages").rglob(f"{name}-[0-9]*.rpm")
        shutil.copy(package, directory / "x86_64")
        compress = ["--general-compress-type", compression, "--no-database"]
        subprocess.run([PROGRAM, "--quiet", *compress, str(directory / "x86_64")], check=True)
        return f"{directory.as_uri()}/$arch/"

    return make


@pytest.fixture
def external(new_external: NewExternal) -> str:
    return new_external("libyaml-dev", "zstd")


def with_programs(workspace: Workspace, tmp_path: Path, programs: Mapping[str, str]) -> Workspace:
    """With these scripts in /usr/local/bin, and none of those that the image has there."""
    directory = tmp_path / "bin"
    directory.mkdir(exist_ok=True)
    for name, text in programs.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    mount = VolumeMount(directory, PurePosixPath("/usr/local/bin"), read_only=True)
    return replace(workspace, mounts=[mount])


@pytest.mark.parametrize("databases", [True, False])
def test_databases_for_yum(
    workspace: Workspace, request_: CreateRepoRequest, external: str, databases: bool
) -> None:
    with_external = replace(request_, databases=databases, external_repos=[MergeRepo(external)])
    made = {path.name for path in create_repo(workspace, with_external)}
    repodata = workspace.workdir / "repo" / "repodata"
    assert packages_in(repodata) == {*PACKAGES, "libyaml-dev"}
    assert any("sqlite" in name for name in made) is databases
    assert ({"primary_db", "filelists_db", "other_db"} <= kinds_in(repodata)) is databases
    premerge = workspace.workdir / "repo_9_premerge" / "repodata"
    assert packages_in(premerge) == set(PACKAGES)
    assert not list(premerge.glob("*sqlite*"))


@pytest.mark.parametrize("mode", ["koji", "simple", "bare"])
@pytest.mark.parametrize("compression", ["gz", "zstd"])
def test_external_repos(
    workspace: Workspace, request_: CreateRepoRequest, new_external: NewExternal, compression: str, mode: str
) -> None:
    external = new_external("libyaml-dev", compression)
    create_repo(workspace, replace(request_, external_repos=[MergeRepo(external, mode)]))
    repodata = workspace.workdir / "repo" / "repodata"
    assert packages_in(repodata) == {*PACKAGES, "libyaml-dev"}
    by_name = {koji.parse_NVRA(nvra)["name"]: url for nvra, url in origins_in(repodata).items()}
    assert by_name["libyaml-dev"] == external.replace("$arch", "x86_64")
    assert by_name["make"].startswith("file://")
    assert by_name["make"].endswith("/repo_9_premerge/")
    assert "mergerepo_c" in (workspace.resultdir / "mergerepos.log").read_text()


def test_regenerated_with_another_external_repo(
    workspace: Workspace, new_workspace: NewWorkspace, request_: CreateRepoRequest, new_external: NewExternal
) -> None:
    """What was merged is recycled, and nothing of what is merged no more is left."""
    one, other = new_external("libyaml-dev", "gz"), new_external("diffutils", "zstd")
    create_repo(workspace, replace(request_, external_repos=[MergeRepo(one), MergeRepo(other)]))
    first = workspace.workdir / "repo" / "repodata"
    assert packages_in(first) == {*PACKAGES, "libyaml-dev", "diffutils"}
    second = new_workspace("second")
    create_repo(second, replace(request_, old_repodata=first, external_repos=[MergeRepo(other)]))
    repodata = second.workdir / "repo" / "repodata"
    assert packages_in(repodata) == {*PACKAGES, "diffutils"}
    assert set(origins_in(repodata).values()) > {other.replace("$arch", "x86_64")}
    third = new_workspace("third")
    create_repo(third, replace(request_, old_repodata=repodata))
    assert packages_in(third.workdir / "repo" / "repodata") == set(PACKAGES)
    assert not {"origin", "updateinfo", "modules"} & kinds_in(third.workdir / "repo" / "repodata")


@pytest.mark.parametrize("first", [True, False], ids=["by the image's own", "by the distribution's"])
@pytest.mark.parametrize("second", [True, False], ids=["by the image's own", "by the distribution's"])
def test_recycling_what_another_version_has_made(
    new_workspace: NewWorkspace,
    tmp_path: Path,
    request_: CreateRepoRequest,
    new_external: NewExternal,
    first: bool,
    second: bool,
) -> None:
    external = [MergeRepo(new_external("libyaml-dev", "gz"))]
    old: Path | None = None
    for name, own in (("first", first), ("second", second)):
        workspace = new_workspace(name)
        if not own:
            workspace = with_programs(workspace, tmp_path, {})
        create_repo(workspace, replace(request_, old_repodata=old, external_repos=external))
        old = workspace.workdir / "repo" / "repodata"
        assert packages_in(old) == {*PACKAGES, "libyaml-dev"}
        assert ("--update" in (workspace.resultdir / "createrepo.log").read_text()) is (name == "second")


def test_old_programs_and_new_metadata(
    workspace: Workspace,
    tmp_path: Path,
    request_: CreateRepoRequest,
    new_external: NewExternal,
    engine: PodmanManager,
) -> None:
    """A program that says nothing of what it cannot read, or with success."""
    image = engine.images.find(workspace.tool_image)
    assert image is not None
    external = new_external("libyaml-dev", "zstd")
    request = replace(request_, external_repos=[MergeRepo(external)])
    workspace = with_programs(workspace, tmp_path, {})
    if " of PyPI" not in details(image)["tools"]:  # the distribution's programs are the new ones
        create_repo(workspace, request)
        assert packages_in(workspace.workdir / "repo" / "repodata") == {*PACKAGES, "libyaml-dev"}
        return
    with pytest.raises(AdjutantError) as caught:
        create_repo(workspace, request)
    assert str(caught.value).startswith(
        f"failed to merge repos: {external.replace('$arch', 'x86_64')}: cr_metadata_load_xml: "
    )
    assert str(caught.value).endswith(" and knows no zstd metadata: choose an image with 1.0 or later)")


def test_a_program_that_merges_nothing(
    workspace: Workspace, tmp_path: Path, request_: CreateRepoRequest, new_external: NewExternal
) -> None:
    """… and is content with that."""
    external = new_external("libyaml-dev", "gz")
    script = """#!/bin/sh
    case "$*" in *--version*) exec /usr/bin/mergerepo_c --version;; esac
    for url; do case "$url" in *_premerge/) first=$url;; esac; done
    exec /usr/bin/mergerepo_c --koji -a x86_64 -o /work/repo -r "$first"
    """
    workspace = with_programs(workspace, tmp_path, {"mergerepo_c": script})
    request = replace(request_, external_repos=[MergeRepo(external)], databases=False)
    with pytest.raises(AdjutantError) as caught:
        create_repo(workspace, request)
    assert str(caught.value).startswith(
        f"failed to merge repos: {external.replace('$arch', 'x86_64')}: 1 of its 1 packages are neither in "
        "the merged repository nor left out for a reason: libyaml-dev-"
    )


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


def test_an_external_repo_that_is_not_there(workspace: Workspace, request_: CreateRepoRequest) -> None:
    nowhere = MergeRepo("http://127.0.0.1:9/$arch/")
    with pytest.raises(AdjutantError) as caught:
        create_repo(workspace, replace(request_, external_repos=[nowhere]))
    reason = "http://127.0.0.1:9/x86_64/: repodata/repomd.xml: [Errno 111] Connection refused"
    assert str(caught.value) == f"failed to merge repos: {reason}"
    assert reason in (workspace.resultdir / "mergerepos.log").read_text()


CHECKSUM = "repodata/{name} is not what repomd.xml says: its sha256 is another"


@pytest.mark.parametrize(
    ("kind", "damage", "compression", "reason"),
    [
        ("repomd", "missing", "gz", "repodata/repomd.xml: 404 File not found"),
        ("repomd", "cut", "gz", "its repomd.xml is damaged: "),
        ("primary", "missing", "zstd", "repodata/{name}: 404 File not found"),
        ("primary", "cut", "zstd", CHECKSUM),
        ("primary", "other", "gz", CHECKSUM),
        ("filelists", "missing", "gz", "cr_"),
        ("filelists", "cut", "gz", "cr_"),
        ("filelists", "cut", "zstd", "cr_"),
    ],
)
def test_half_an_external_repo(
    workspace: Workspace,
    request_: CreateRepoRequest,
    new_external: NewExternal,
    served: tuple[Path, str],
    kind: str,
    damage: str,
    compression: str,
    reason: str,
) -> None:
    directory, url = served
    place = urlsplit(new_external("libyaml-dev", compression).replace("/$arch/", "")).path
    shutil.copytree(place, directory / "external")
    (path,) = (directory / "external/x86_64/repodata").glob(f"*{kind}*")
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(AdjutantError) as caught:
        create_repo(workspace, replace(request_, external_repos=[MergeRepo(f"{url}/external/$arch/")]))
    expected = f"{url}/external/x86_64/: {reason.format(name=path.name)}"
    assert str(caught.value).startswith(f"failed to merge repos: {expected}")
    if kind != "filelists":
        assert expected in (workspace.resultdir / "mergerepos.log").read_text()


def test_a_password_of_an_external_repo_is_in_no_log(
    new_workspace: NewWorkspace, request_: CreateRepoRequest, new_external: NewExternal
) -> None:
    """But the repository is read with it."""
    directory = urlsplit(new_external("libyaml-dev", "gz").replace("/$arch/", "")).path
    well, badly = new_workspace("well"), new_workspace("badly")
    with serving(partial(ProtectedFiles, directory=directory)) as url:
        private = url.replace("://", f"://{CREDENTIALS}@")
        create_repo(well, replace(request_, external_repos=[MergeRepo(f"{private}/$arch/")]))
        with pytest.raises(AdjutantError) as caught:
            create_repo(badly, replace(request_, external_repos=[MergeRepo(f"{private}/nothing/$arch/")]))
    assert packages_in(well.workdir / "repo" / "repodata") == {*PACKAGES, "libyaml-dev"}
    assert f"failed to merge repos: {url.replace('://', '://me:***@')}/nothing/x86_64/: " in str(caught.value)
    for workspace in (well, badly):
        assert "://me:***@" in (workspace.resultdir / "mergerepos.log").read_text()
        logs = b"".join(path.read_bytes() for path in workspace.resultdir.iterdir())
        assert b"geheim" not in logs + str(caught.value).encode()


def test_an_external_repo_that_changes_meanwhile(
    workspace: Workspace, request_: CreateRepoRequest, new_external: NewExternal, tmp_path: Path
) -> None:
    """Its repomd.xml is of the one, and the primary that it names is gone when it is asked for."""
    before, after = (urlsplit(new_external(name, "gz")).path for name in ("libyaml-dev", "diffutils"))
    current = tmp_path / "current"
    current.symlink_to(before.replace("/$arch/", ""))

    class Changing(QuietFiles):
        def translate_path(self, path: str) -> str:
            if "primary" in path and current.readlink() != Path(after.replace("/$arch/", "")):
                current.unlink()
                current.symlink_to(after.replace("/$arch/", ""))
            return super().translate_path(path)

    with serving(partial(Changing, directory=str(current))) as url:
        create_repo(workspace, replace(request_, external_repos=[MergeRepo(f"{url}/$arch/")]))
    assert packages_in(workspace.workdir / "repo" / "repodata") == {*PACKAGES, "diffutils"}
    assert "a repository has changed meanwhile" in (workspace.resultdir / "mergerepos.log").read_text()
