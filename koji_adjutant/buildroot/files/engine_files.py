"""The files of a root that the container engine reads itself, on this machine and not in the container."""

from __future__ import annotations

import stat
from pathlib import Path

from koji_adjutant.errors import InstallError

READ = ("passwd", "group")
"""In /etc: podman looks users up there for each command, even for a number."""

SIZE_MAX = 16 << 20


def check_engine_files(root: Path) -> None:
    """Raise InstallError if one of the files that the engine reads is what no engine should open.

    A pipe there stops podman, with a lock on the container that everybody else waits for, too. Nothing may
    run in the root meanwhile.
    """
    etc = root / "etc"
    for path in (etc, *(etc / name for name in READ)):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        usual = stat.S_ISDIR if path == etc else stat.S_ISREG
        if not usual(status.st_mode) or (path != etc and status.st_size > SIZE_MAX):
            raise InstallError(
                f"/{path.relative_to(root)} of the buildroot is not what it should be, "
                "and commands cannot be started: find the package that replaced it"
            )
