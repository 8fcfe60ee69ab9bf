"""``copy_old_repodata``: when nothing has changed, an old repository's metadata serves the new one."""

from __future__ import annotations

import filecmp
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.hub.interface import HubSession, Uploads


@dataclass(frozen=True)
class RepoOfTag:
    """A repository, at ``path``, of a tag as it was at ``create_event``."""

    id: int
    tag_id: int
    create_event: int
    path: Path


def repos_are_alike(session: HubSession, old: RepoOfTag, new: RepoOfTag) -> bool:
    """Return whether arches may be copied at all: same comps, and no external repository in either.

    Other options of a repository (sources, debuginfo) show in each arch's pkglist.
    """
    if not (old.path / "repo.json").is_file():
        return False
    old_comps, new_comps = (repo.path / "groups" / "comps.xml" for repo in (old, new))
    if old_comps.exists() != new_comps.exists():
        return False
    if old_comps.exists() and not filecmp.cmp(old_comps, new_comps, shallow=False):
        return False
    return not any(session.getExternalRepoList(repo.tag_id, event=repo.create_event) for repo in (old, new))


def arch_is_same(old: Path, new: Path, arch: str) -> bool:
    """Return whether ``arch`` has the same packages listed, and blocked, and metadata to copy."""
    return (old / arch / "repodata").is_dir() and all(
        (old / arch / name).exists()
        and (new / arch / name).exists()
        and filecmp.cmp(old / arch / name, new / arch / name, shallow=False)
        for name in ("blocklist", "pkglist")
    )


def upload_repodata(session: Uploads, repodata: Path, upload_path: str) -> list[str]:
    """Upload a repodata directory. Returns the names of its files."""
    names = sorted(file.name for file in repodata.iterdir())
    for name in names:
        session.uploadWrapper(str(repodata / name), upload_path, name)
    return names
