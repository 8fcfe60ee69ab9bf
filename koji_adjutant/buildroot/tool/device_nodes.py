"""Device nodes of packages are left out: making them takes CAP_MKNOD, which no container has."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rpm

PLAIN = re.compile(r"(/[A-Za-z0-9@+=,_-][A-Za-z0-9@+=,._-]*)+")
"""Paths that are nothing else in a list of paths, or in a macro. With others rpm fails."""


def of_package(header: Any) -> list[str]:
    """Return the paths of a package's device nodes, but for those with odd names."""
    files = ((file.name, file.mode & 0xFFFF) for file in rpm.files(header))
    return [
        name for name, mode in files if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and PLAIN.fullmatch(name)
    ]


def leave_out(paths: Sequence[str]) -> None:
    """Have transactions leave these files out that are opened from now on."""
    if paths:
        others = rpm.expandMacro("%{?_netsharedpath}")
        rpm.addMacro("_netsharedpath", ":".join([others, *paths]))


def make_directories(root: Path, paths: Sequence[str]) -> None:
    """Make the directories where they would be, from inside of the root: links lead nowhere else.

    One that cannot be made is left out as well.
    """
    if not paths:
        return
    child = os.fork()
    if child == 0:
        try:
            os.chroot(root)
            os.chdir("/")
            os.umask(0o022)
            for path in paths:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            os._exit(1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
