"""What all of Koji's runs of createrepo_c have in common."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.repo_program import run_repo_program
from koji_adjutant.container.interface import NetworkMode
from koji_adjutant.errors import AdjutantError

CREATEREPO = ("createrepo_c", "--error-exit-val", "-v")
DATABASES = "--database"
NO_DATABASES = "--no-database"
"""Of createrepo_c and mergerepo_c: sqlite databases for yum; a stock builder has createrepo_c make them."""


def group_options(groupdata: Path) -> list[str]:
    """For a comps.xml, if it exists."""
    return ["-g", str(groupdata)] if groupdata.is_file() else []


def recycle(old_repodata: Path | None, repodata: Path, *, skip_stat: bool) -> list[str]:
    """Put an older repository's metadata in place, if it exists; the options that make use of it."""
    if old_repodata is None or not old_repodata.is_dir():
        return []
    # mergerepo_c writes the origins anew, if there are any; databases are made anew, not looked at
    unread = shutil.ignore_patterns("*pkgorigins*", "*.sqlite", "*.sqlite.*")
    shutil.copytree(old_repodata, repodata, ignore=unread)
    return ["--update", "--skip-stat"] if skip_stat else ["--update"]


def mark_empty(repodata: Path) -> None:
    """Tell people who look at it that a repository without packages is meant to have none."""
    (repodata / "EMPTY_REPO").write_text("This repo is empty because its tag has no content for this arch\n")


def run_createrepo(
    workspace: Workspace,
    creations: Sequence[tuple[list[str], str]],
    *,
    seen: Sequence[Path],
    merge: dict[str, Any] | None = None,
    network: NetworkMode = "none",
) -> None:
    """Run commands of createrepo_c, each with the name of its log, and perhaps mergerepo_c.

    AdjutantError with kojid's sentences: "failed to create repo: …", "failed to merge repos: …".
    """
    steps = [{"command": command, "log": log} for command, log in creations]
    order = {"create": steps, "merge": merge}
    status, answer = run_repo_program(workspace, "createrepo", order, seen=seen, network=network)
    if answer is None:
        raise AdjutantError(f"failed to create repo: the container exited with status {status}")
    failed = answer["failed"]
    if failed is None:
        return
    what = "create repo" if failed["what"] == "create" else "merge repos"
    if failed["status"] is None:
        raise AdjutantError(f"failed to {what}: {failed['command']}\n{failed['reason']}")
    raise AdjutantError(f"failed to {what}: {failed['command']} exited with status {failed['status']}")
