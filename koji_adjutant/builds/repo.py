"""Packages to repository: kojid's createrepo task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from koji_adjutant.buildroot.workspace import Workspace


@dataclass(frozen=True)
class MergeRepo:
    """An external repository to be merged, from ``getExternalRepoList``."""

    url: str
    merge_mode: Literal["koji", "simple", "bare"] = "koji"
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


def create_repo(workspace: Workspace, request: CreateRepoRequest) -> list[Path]:
    """Make the repodata; the files of it, sorted, under ``workspace.workdir``/repo/repodata.

    koji.GenericError with kojid's sentences ("failed to create repo: …", "failed to merge repos: …").
    """
    raise NotImplementedError
