"""What all of Koji's runs of createrepo_c have in common."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo_program import run_repo_program
from koji_adjutant.container.interface import NetworkMode
from koji_adjutant.errors import BuildrootError, CreateRepoError, TaskStep, at_step

logger = logging.getLogger("koji_adjutant.builds")

CREATEREPO = ("createrepo_c", "--error-exit-val", "-v")
DATABASES = "--database"
NO_DATABASES = "--no-database"
"""Of createrepo_c and mergerepo_c: sqlite databases for yum. Always said: the default was yes before 1.0."""

RECYCLED = ("primary", "filelists", "other")
"""Kinds of metadata that createrepo_c --update reads."""


def group_options(groupdata: Path) -> list[str]:
    """Return the options for a comps.xml, none if it does not exist."""
    return ["-g", str(groupdata)] if groupdata.is_file() else []


def recycle(old_repodata: Path | None, repodata: Path, *, skip_stat: bool) -> list[str]:
    """Copy an older repository's metadata into the new one; return the options that let createrepo_c use it.

    Without an older repository, or if it cannot be read, nothing is copied and there are no options. Only
    what it knows of packages is taken: createrepo_c since 1.0 keeps whatever else repomd.xml names, or fails
    where it is not there, and earlier ones drop it. Origins and modules of what was merged then are not for
    the new one.
    """
    if old_repodata is None or not old_repodata.is_dir():
        return []
    try:
        _copy_metadata(old_repodata, repodata)
    except BuildrootError as error:  # it only saves time
        logger.warning("the metadata in %s is not recycled: %s", old_repodata, error)
        shutil.rmtree(repodata)
        return []
    return ["--update", "--skip-stat"] if skip_stat else ["--update"]


def _copy_metadata(source: Path, target: Path) -> None:
    target.mkdir()
    old = RepoFiles(source.parent)
    index = old.repomd()
    for kind in RECYCLED:
        href = index.href(kind)
        if href is None:
            raise BuildrootError(f"its repomd.xml names no {kind} metadata")
        (target / PurePosixPath(href).name).write_bytes(old.read(href))
    (target / "repomd.xml").write_bytes(index.only(RECYCLED))


def mark_empty(repodata: Path) -> None:
    """Mark a repository without packages as meant to have none, for people who look at it."""
    (repodata / "EMPTY_REPO").write_text("This repo is empty because its tag has no content for this arch\n")


def run_createrepo(
    workspace: Workspace,
    creations: Sequence[tuple[list[str], str]],
    *,
    seen: Sequence[Path],
    merge: dict[str, Any] | None = None,
    network: NetworkMode = "none",
) -> None:
    """Run commands of createrepo_c, each with the name of its log, and then perhaps mergerepo_c.

    ``merge`` is the order for it (tool/createrepo.py says what is in it), ``seen`` what of this host the
    programs can read. Raises CreateRepoError with kojid's sentences: "failed to create repo: …", "failed to
    merge repos: …".
    """
    steps = [{"command": command, "log": log} for command, log in creations]
    order = {"create": steps, "merge": merge}
    with at_step(TaskStep.CREATEREPO):
        status, answer = run_repo_program(workspace, "createrepo", order, seen=seen, network=network)
        if answer is None:
            message = f"failed to create repo: the container exited with status {status}"
            raise CreateRepoError(message, "createrepo.log")
        if answer["failed"]:
            raise _error(answer["failed"])


def _error(failed: Mapping[str, Any]) -> CreateRepoError:
    creating = failed["what"] == "create"
    beginning = f"failed to {'create repo' if creating else 'merge repos'}: "
    if failed["url"]:
        return CreateRepoError(f"{beginning}{failed['url']}: {failed['reason']}", failed["log"])
    if failed["reason"]:
        return CreateRepoError(f"{beginning}{failed['command']}\n{failed['reason']}", failed["log"])
    return CreateRepoError(
        f"{beginning}{failed['command']} exited with status {failed['status']}", failed["log"]
    )
