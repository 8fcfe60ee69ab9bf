"""Packages that are built one after the other, each with those before it in its buildroot's repositories."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.specification.config import BuildrootConfig, Repository
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repodata import CREATEREPO, NO_DATABASES, run_createrepo
from koji_adjutant.container.interface import VolumeMount

NAME = "chain"


def make_repository(workspace: Workspace, directory: Path) -> None:
    """Make the RPMs below a directory of this host a repository, or anew. Raises CreateRepoError."""
    made = workspace.workdir / "repo"
    made.mkdir()
    command = [*CREATEREPO, NO_DATABASES, "-x", "*.src.rpm", "-o", "/work/repo", "--", str(directory)]
    run_createrepo(workspace, [(command, "createrepo.log")], seen=[directory])
    shutil.rmtree(directory / "repodata", ignore_errors=True)
    shutil.move(made / "repodata", directory / "repodata")


def with_repository(config: BuildrootConfig, directory: Path) -> BuildrootConfig:
    """Return the configuration with a repository of this host beside its others, and before them.

    Where others have a package of the same version, this one's is taken, as mock's of a chain is.
    """
    return replace(
        config,
        repositories=(*config.repositories, Repository(NAME, (directory.as_uri(),), cost=1)),
        repo_mounts=(*config.repo_mounts, VolumeMount(directory, PurePosixPath(directory), read_only=True)),
    )
