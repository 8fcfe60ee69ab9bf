"""Which packages of a buildroot come from koji and which from an external repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.packages import InstalledPackage


@dataclass(frozen=True)
class ExternalRepo:
    """One of a tag's external repositories, from ``getExternalRepoList``: ``$arch`` not yet expanded."""

    id: int
    name: str
    url: str


class RepoFiles:
    """Files of one arch's repository on the hub: from topdir where it is mounted, else from a topurl.

    ``location`` is a directory or an http(s)/file URL of ``<top>/repos/<tag>/<id>/<arch>``.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)


def buildroot_list(
    packages: Sequence[InstalledPackage],
    *,
    repo: RepoFiles,
    repo_id: int,
    external_repos: Sequence[ExternalRepo],
    arch: str,
) -> list[dict[str, Any]]:
    """The dicts for ``host.setBuildRootList`` and ``updateBuildRootList``, exactly what kojid sends.

    ``arch`` is the buildroot's. External packages get ``external_repo`` and ``location``, internal ones
    ``id`` from rpmlist.jsonl. SourceError-like koji.BuildError for a package of unknown origin,
    BuildrootError when an internal package's payload differs from the repository's record.
    """
    raise NotImplementedError
