"""Packages to repository: kojid's createrepo task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo_program import hub_directories
from koji_adjutant.builds.repodata import (
    CREATEREPO,
    DATABASES,
    NO_DATABASES,
    group_options,
    mark_empty,
    recycle,
    run_createrepo,
)
from koji_adjutant.errors import RepoContentError


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
    --update if given and there. ``skip_stat`` is kojid's createrepo_skip_stat. Without
    ``databases`` there are none for yum, which a stock builder makes.
    """

    topdir: Path
    repodir: Path
    repo_id: int
    arch: str
    groupdata: Path
    old_repodata: Path | None = None
    skip_stat: bool = True
    databases: bool = True
    external_repos: Sequence[MergeRepo] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the tag has no package for this arch."""
        return (self.repodir / "pkglist").stat().st_size == 0


def create_repo(workspace: Workspace, request: CreateRepoRequest) -> list[Path]:
    """Make the repodata of one arch. Returns its files, sorted, in ``workspace.workdir``/repo/repodata.

    Raises CreateRepoError with kojid's sentences ("failed to create repo: …", "failed to merge repos: …"),
    and RepoContentError for external repositories that cannot be merged with each other.
    """
    repodata = workspace.workdir / "repo" / "repodata"
    repodata.parent.mkdir()
    merge = _merge_order(request) if request.external_repos else None
    # the packages' links lead through all of topdir; nothing there may be changed
    local = _local_directories(_external_urls(request), request.topdir)
    run_createrepo(
        workspace,
        [(_create_command(request, repodata), "createrepo.log")],
        merge=merge,
        seen=[*hub_directories(request.topdir), *local],
        network="host" if request.external_repos else "none",
    )
    if request.is_empty and merge is None:
        mark_empty(repodata)
    return sorted(repodata.iterdir())


def _create_command(request: CreateRepoRequest, repodata: Path) -> list[str]:
    # mergerepo_c looks at none, and makes its own
    databases = DATABASES if request.databases and not request.external_repos else NO_DATABASES
    command = [*CREATEREPO, databases, "-o", "/work/repo", *group_options(request.groupdata)]
    if request.is_empty:
        return [*command, "--", "/work/repo"]
    recycled = recycle(request.old_repodata, repodata, skip_stat=request.skip_stat)
    return [*command, "-i", str(request.repodir / "pkglist"), *recycled, "--", str(request.repodir)]


def _merge_order(request: CreateRepoRequest) -> dict[str, Any]:
    """Return what tool/createrepo.py needs to merge.

    ``arch_expand`` is added to the command where mergerepo_c knows it; ``premerge`` is where the local
    repository is put before, the first of the ``sources``. By the rest the result is verified. Raises
    RepoContentError for merge modes that are several or unknown.
    """
    modes = sorted({repo.merge_mode for repo in request.external_repos})
    if len(modes) > 1:
        raise RepoContentError(f"Found multiple merge modes for external repos: {', '.join(modes)}")
    premerge = _premerge(request)
    return {
        "command": _merge_command(request, modes[0]),
        "arch_expand": "--arch-expand",
        "premerge": premerge,
        "sources": [f"file:///work/{premerge}/", *_external_urls(request)],
        "mode": modes[0],
        "arch": request.arch,
        "blocklist": str(_blocklist(request)),
    }


def _merge_command(request: CreateRepoRequest, mode: str) -> list[str]:
    blocklist = ["-b", str(_blocklist(request))]
    options = {
        "koji": ["--koji", *blocklist],
        "simple": ["--koji", "--simple", *blocklist],
        "bare": ["--pkgorigins", "--all"],
    }
    if mode not in options:
        raise RepoContentError(f"Unknown merge mode for external repos: {mode}")
    databases = DATABASES if request.databases else NO_DATABASES
    command = ["mergerepo_c", *options[mode], databases, "-a", request.arch, "-o", "/work/repo"]
    return command + group_options(request.groupdata)


def _blocklist(request: CreateRepoRequest) -> Path:
    return request.repodir / "blocklist"


def _premerge(request: CreateRepoRequest) -> str:
    """Return the local repository's name, by which packages of the tag itself are known in pkgorigins."""
    return f"repo_{request.repo_id}_premerge"


def _external_urls(request: CreateRepoRequest) -> list[str]:
    return [
        repo.url.replace("$arch", request.arch)
        for repo in request.external_repos
        if not repo.arches or request.arch in repo.arches.split()
    ]


def _local_directories(urls: Sequence[str], topdir: Path) -> list[Path]:
    """Return the external repositories that are directories of this host, outside of topdir."""
    paths = {Path(unquote(urlsplit(url).path)) for url in urls if urlsplit(url).scheme == "file"}
    return sorted(path for path in paths if not path.is_relative_to(topdir))
