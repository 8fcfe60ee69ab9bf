"""Files that are kept with Git LFS: git-lfs fetches them while git writes the checkout."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"
"""How the file begins that git has in the place of the real one (Git LFS's specification)."""
IN_LFS = ":(attr:filter=lfs)"


def with_lfs(environment: Mapping[str, str], server: str) -> dict[str, str]:
    """Return the environment with git-lfs configured for git, unchanged where there is no git-lfs.

    Objects come from ``server``, whatever a repository's .lfsconfig says.
    """
    if shutil.which("git-lfs") is None:
        return dict(environment)
    settings = {
        "filter.lfs.process": "git-lfs filter-process",
        "filter.lfs.smudge": "git-lfs smudge -- %f",
        "filter.lfs.required": "true",
        "lfs.url": server,
    }
    before = int(environment.get("GIT_CONFIG_COUNT", "0"))
    added: dict[str, str] = {"GIT_CONFIG_COUNT": str(before + len(settings))}
    for number, (key, value) in enumerate(settings.items(), before):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**environment, **added}


def pointers_left(clone: Path) -> list[str]:
    """Return the paths that are still pointers, of those that the repository keeps with Git LFS."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", IN_LFS], cwd=clone, stdout=subprocess.PIPE, check=True
    ).stdout
    paths = [os.fsdecode(path) for path in listed.split(b"\0") if path]
    return [path for path in paths if _is_pointer(clone / path)]


def _is_pointer(path: Path) -> bool:
    """Look at a file, if it is one: a packager may have put anything there."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False
