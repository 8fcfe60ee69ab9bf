"""Which files of a layer are looked at each time that it is used."""

from __future__ import annotations

import re
from collections.abc import Callable

from koji_adjutant.buildroot.files.walk import TreeEntry

PROGRAMS = ("bash", "sh", "dash", "env", "sleep", "rpm", "rpmbuild", "rpmdb", "rpmkeys", "tar", "make", "gcc")
"""What every build begins with: the container, its steps, rpmbuild."""

ACCOUNTS = ("etc/passwd", "etc/group")
OWN = ("installed.json", "recipe.json", "root")
"""What a layer consists of."""

_PROGRAM = re.compile(rf"(?:usr/)?s?bin/(?:{'|'.join(PROGRAMS)})")
_LIBRARY = re.compile(r"(?:usr/)?lib(?:64)?/(?:[^/]+/)?(?:ld-linux[^/]*|libc\.so\.6)")
DEPTH = 3
"""Directories down to here: one's time is another when a file in it comes, goes, or is replaced."""


def vital_in_layer(dbpath: str) -> Callable[[TreeEntry], bool]:
    """Return what says of each file of a layer whether it is vital; there are a few hundred of these.

    ``dbpath`` is the rpm database's place in the root.
    """
    database = dbpath.strip("/")

    def is_vital(file: TreeEntry) -> bool:
        top, _, path = file.path.partition("/")
        if not path:
            return top in OWN
        if file.is_directory:
            return path.count("/") < DEPTH
        return (
            path in ACCOUNTS
            or path.startswith(f"{database}/")
            or _PROGRAM.fullmatch(path) is not None
            or _LIBRARY.fullmatch(path) is not None
        )

    return is_vital
