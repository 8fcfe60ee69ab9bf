"""Packages to a repository for users: kojid's createdistrepo task.

repo/Packages/<letter>/<file>   links to the packages, which the hub replaces by the packages themselves
repo/pkglist, repo/repodata/    …
repo/debug/                     pkglist and repodata of what is split off
repo/drpms/                     deltas against older repositories
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo_program import hub_directories
from koji_adjutant.builds.repodata import (
    CREATEREPO,
    DATABASES,
    group_options,
    mark_empty,
    recycle,
    run_createrepo,
)
from koji_adjutant.errors import RepoContentError

DEBUG = "debug"
ZCK_DICTIONARIES = "zck-dictionaries"


@dataclass(frozen=True)
class DistRepoRequest:
    """One arch of a dist repo.

    ``packages`` are files in topdir by the names that they get; ``debug`` are those among them that go into
    the sub-repository. ``old`` is the same arch of an older dist repo, whose metadata is recycled;
    ``delta_against`` are directories that hold such arches' packages.
    """

    topdir: Path
    packages: Mapping[str, Path]
    groupdata: Path
    debug: frozenset[str] = frozenset()
    old: Path | None = None
    skip_stat: bool = False
    delta_against: Sequence[Path] = ()
    zck: bool = False
    zck_dict_dir: Path | None = None


def create_dist_repo(workspace: Workspace, request: DistRepoRequest) -> Path:
    """Lay the repository out and make its metadata. Returns its directory, below ``workspace.workdir``.

    Raises CreateRepoError with kojid's sentence, "failed to create repo: …".
    """
    _bring_dictionaries(workspace, request)
    repo = workspace.workdir / "repo"
    repo.mkdir()
    for name, package in request.packages.items():
        link = repo / place_of(name)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(package)
    listed = [name for name in request.packages if name not in request.debug]
    creations = [(_prepare(request, repo, ".", listed), "createrepo.log")]
    if request.debug:
        creations.append((_prepare(request, repo, DEBUG, sorted(request.debug)), f"createrepo_{DEBUG}.log"))
    run_createrepo(workspace, creations, seen=hub_directories(request.topdir))
    if not request.packages:
        mark_empty(repo / "repodata")
    return repo


def place_of(name: str) -> PurePosixPath:
    """Return where in a dist repo a package is."""
    return PurePosixPath("Packages", name[0].lower(), name)


def package_directories(repo: Path) -> list[Path]:
    """Return the directories of one arch of a dist repo that have packages in them.

    createrepo_c has to be given each: it does not look into subdirectories for packages to make deltas
    against.
    """
    return sorted(path for path in (repo / "Packages").glob("*") if path.is_dir())


def _prepare(request: DistRepoRequest, repo: Path, subrepo: str, names: Iterable[str]) -> list[str]:
    """Write the package list of a (sub-)repository; return the command that makes its metadata."""
    directory = repo / subrepo
    directory.mkdir(exist_ok=True)
    up = "" if subrepo == "." else "../"
    (directory / "pkglist").write_text("".join(f"{up}{place_of(name)}\n" for name in names))
    seen = PurePosixPath("/work/repo", subrepo)
    command = [*CREATEREPO, DATABASES, "-i", str(seen / "pkglist"), *group_options(request.groupdata)]
    old = None if request.old is None else request.old / subrepo / "repodata"
    command += recycle(old, directory / "repodata", skip_stat=request.skip_stat)
    if request.delta_against:
        command.append("--deltas")
        for path in request.delta_against:
            command += ["--oldpackagedirs", str(path)]
    if request.zck:
        command.append("--zck")
    if request.zck_dict_dir is not None:
        command += ["--zck-dict-dir", f"/work/{ZCK_DICTIONARIES}"]
    return [*command, "--", str(seen)]


def _bring_dictionaries(workspace: Workspace, request: DistRepoRequest) -> None:
    """Copy zchunk's dictionaries for the container, if they are wanted.

    Whoever asks for the repository names the directory, and nothing else in there is for the container to
    see.
    """
    directory = request.zck_dict_dir
    if directory is None:
        return
    if not request.zck:
        raise RepoContentError("--zck-dict-dir makes no sense without --zck")
    if directory.is_file():
        raise RepoContentError(f"zchunk dir path is file: {directory}")
    if not directory.is_dir():
        raise RepoContentError(f"zchunk dir path doesn't exist: {directory}")
    copies = workspace.workdir / ZCK_DICTIONARIES
    copies.mkdir()
    for dictionary in directory.glob("*.zdict"):
        if dictionary.is_file() and not dictionary.is_symlink():
            shutil.copy(dictionary, copies)
