"""Packages to repository: kojid's createrepo task."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from koji_adjutant.buildroot.record import recording
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import ContainerSpec, ImageRoot, VolumeMount
from koji_adjutant.errors import AdjutantError

PROGRAMS = Path(__file__).parent / "tool"


@dataclass(frozen=True)
class MergeRepo:
    """An external repository to be merged, from ``getExternalRepoList``."""

    url: str
    merge_mode: str = "koji"
    arches: str | None = None


@dataclass(frozen=True)
class CreateRepoRequest:
    """One arch of a repository.

    ``repodir`` is ``<topdir>/repos/<tag>/<id>/<arch>`` (holds pkglist and blocklist), ``groupdata`` the
    comps.xml (used if it exists), ``old_repodata`` the repodata directory of an older repo, recycled with
    --update if given and there. ``skip_stat`` is kojid's createrepo_skip_stat.
    """

    topdir: Path
    repodir: Path
    repo_id: int
    arch: str
    groupdata: Path
    old_repodata: Path | None = None
    skip_stat: bool = True
    external_repos: Sequence[MergeRepo] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the tag has no package for this arch."""
        return (self.repodir / "pkglist").stat().st_size == 0


def create_repo(workspace: Workspace, request: CreateRepoRequest) -> list[Path]:
    """Make the repodata; its files, sorted, in ``workspace.workdir``/repo/repodata.

    AdjutantError with kojid's sentences ("failed to create repo: …", "failed to merge repos: …").
    """
    work = workspace.workdir
    repodata = work / "repo" / "repodata"
    repodata.parent.mkdir()
    merge = _merge_command(request) if request.external_repos else None
    order = {
        "create": _create_command(request, repodata),
        "merge": merge,
        "arch_expand": "--arch-expand",
        "premerge": _premerge(request),
    }
    (work / "request.json").write_text(json.dumps(order))
    _run(workspace, request)
    if request.is_empty and merge is None:
        (repodata / "EMPTY_REPO").write_text(
            "This repo is empty because its tag has no content for this arch\n"
        )
    return sorted(repodata.iterdir())


def _create_command(request: CreateRepoRequest, repodata: Path) -> list[str]:
    command = ["createrepo_c", "--error-exit-val", "-vd", "-o", "/work/repo"]
    if not request.is_empty:
        command += ["-i", str(request.repodir / "pkglist")]
    command += _groups(request)
    if request.old_repodata is not None and request.old_repodata.is_dir() and not request.is_empty:
        # mergerepo_c writes the origins anew, if there are any
        shutil.copytree(request.old_repodata, repodata, ignore=shutil.ignore_patterns("*pkgorigins*"))
        command.append("--update")
        if request.skip_stat:
            command.append("--skip-stat")
    command += ["--", "/work/repo" if request.is_empty else str(request.repodir)]
    return command


def _merge_command(request: CreateRepoRequest) -> list[str]:
    modes = sorted({repo.merge_mode for repo in request.external_repos})
    if len(modes) > 1:
        raise AdjutantError(f"Found multiple merge modes for external repos: {', '.join(modes)}")
    blocklist = ["-b", str(request.repodir / "blocklist")]
    options = {
        "koji": ["--koji", *blocklist],
        "simple": ["--koji", "--simple", *blocklist],
        "bare": ["--pkgorigins", "--all"],
    }
    if modes[0] not in options:
        raise AdjutantError(f"Unknown merge mode for external repos: {modes[0]}")
    command = ["mergerepo_c", *options[modes[0]], "-a", request.arch, "-o", "/work/repo", *_groups(request)]
    for url in [f"file:///work/{_premerge(request)}/", *_external_urls(request)]:
        command += ["-r", url]
    return command


def _premerge(request: CreateRepoRequest) -> str:
    """The local repository's name, by which packages of the tag itself are known in pkgorigins."""
    return f"repo_{request.repo_id}_premerge"


def _groups(request: CreateRepoRequest) -> list[str]:
    return ["-g", str(request.groupdata)] if request.groupdata.is_file() else []


def _external_urls(request: CreateRepoRequest) -> list[str]:
    return [
        repo.url.replace("$arch", request.arch)
        for repo in request.external_repos
        if not repo.arches or request.arch in repo.arches.split()
    ]


def _run(workspace: Workspace, request: CreateRepoRequest) -> None:
    # the packages' links lead through all of topdir; nothing there may be changed
    directories = [request.topdir, *_local_directories(_external_urls(request), request.topdir)]
    spec = ContainerSpec(
        root=ImageRoot(workspace.tool_image),
        command=["/usr/bin/python3", "-B", "/adjutant/createrepo.py"],
        owner=workspace.owner,
        role="createrepo",
        workdir=PurePosixPath("/work"),
        environment={"HOME": "/work", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        mounts=[
            VolumeMount(PROGRAMS, PurePosixPath("/adjutant"), read_only=True),
            VolumeMount(workspace.workdir, PurePosixPath("/work")),
            VolumeMount(workspace.resultdir, PurePosixPath("/result")),
            *(VolumeMount(path, PurePosixPath(path), read_only=True) for path in directories),
            *workspace.mounts,
        ],
        network="host" if request.external_repos else "none",
        limits=workspace.limits,
    )
    with (
        recording(workspace.owner, workspace.resultdir),
        workspace.progress.phase("createrepo"),
        (workspace.resultdir / "createrepo.log").open("ab", buffering=0) as log,
    ):
        status = workspace.manager.run(spec, log)
    try:
        failed = json.loads((workspace.workdir / "answer.json").read_text())["failed"]
    except (FileNotFoundError, ValueError) as error:
        raise AdjutantError(f"failed to create repo: the container exited with status {status}") from error
    if failed is not None:
        what = "create repo" if failed["what"] == "create" else "merge repos"
        raise AdjutantError(f"failed to {what}: {failed['command']} exited with status {failed['status']}")


def _local_directories(urls: Sequence[str], topdir: Path) -> list[Path]:
    """External repositories that are directories of this host, outside of topdir."""
    paths = {Path(unquote(urlsplit(url).path)) for url in urls if urlsplit(url).scheme == "file"}
    return sorted(path for path in paths if not path.is_relative_to(topdir))
