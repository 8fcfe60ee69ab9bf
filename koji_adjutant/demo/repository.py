"""A git repository with the example package, as a packager would push it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.stage import PACKAGE, Stage

IDENTITY = {
    "GIT_AUTHOR_NAME": "Demo Packager",
    "GIT_AUTHOR_EMAIL": "packager@demo.invalid",
    "GIT_COMMITTER_NAME": "Demo Packager",
    "GIT_COMMITTER_EMAIL": "packager@demo.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def make_repository(stage: Stage, package: Path) -> str:
    """Put a copy of the directory ``package`` under git, fit to be served; the commit's hash."""
    repository = stage.git_directory / PACKAGE
    shutil.copytree(package, repository)
    _git(repository, "init", "--quiet", "--initial-branch=main")
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", f"Package {PACKAGE}")
    return _git(repository, "rev-parse", "HEAD").strip()


def daemon_command(stage: Stage) -> list[str]:
    """Return the ``git daemon`` that serves it, read-only, on the loopback interface."""
    return [
        "git",
        "daemon",
        "--reuseaddr",
        "--listen=127.0.0.1",
        f"--port={stage.ports.git}",
        "--export-all",
        f"--base-path={stage.git_directory}",
        str(stage.git_directory),
    ]


def _git(repository: Path, *arguments: str) -> str:
    result = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **IDENTITY},
    )
    if result.returncode:
        raise DemoError(f"git {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout
