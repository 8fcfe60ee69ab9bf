"""What a tree of files consists of: to find out whether it is still what it was, or what another one is."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from koji_adjutant.buildroot.files.walk import open_file, walk

OVERLAYS_OWN = "trusted.overlay."
OPAQUE = "trusted.overlay.opaque"
REDIRECT = "trusted.overlay.redirect"
"""What an overlay notes on its files says where they came from, but for these: that a directory hides those
below, and where they are because it was renamed."""
HOSTS_LABEL = "security.selinux"
"""What the host's SELinux calls a file: `restorecon` may change it at any time, and no build sees it."""


@dataclass(frozen=True)
class Facts:
    """One file as it is.

    ``content`` is a regular file's SHA-256, a link's target, a device's number. Values of ``xattrs`` are hex,
    ``mtime`` is in nanoseconds. ``links`` is how many names the file has, 1 for a directory.
    """

    mode: int
    uid: int
    gid: int
    mtime: int
    content: str | None
    xattrs: Mapping[str, str]
    links: int


def describe(root: Path) -> dict[str, Facts]:
    """Return the facts of every file below ``root``, and itself as ``.``, by path; no link is followed."""
    above = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = {".": _facts(".", above, os.fstat(above))}
    finally:
        os.close(above)
    found.update((entry.path, _facts(entry.name, entry.directory, entry.status)) for entry in walk(root))
    return found


def _facts(name: str, directory: int, status: os.stat_result) -> Facts:
    return Facts(
        mode=status.st_mode,
        uid=status.st_uid,
        gid=status.st_gid,
        mtime=status.st_mtime_ns,
        content=_content(name, directory, status),
        xattrs=_xattrs(f"/proc/self/fd/{directory}/{name}"),
        links=1 if stat.S_ISDIR(status.st_mode) else status.st_nlink,
    )


def _content(name: str, directory: int, status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(name, dir_fd=directory)
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if stat.S_ISREG(status.st_mode):
        with os.fdopen(open_file(name, directory), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def _xattrs(path: str) -> dict[str, str]:
    """Return the attributes of a file, without what is not its own.

    The path begins with its directory's descriptor, and is short.
    """
    names = sorted({*os.listxattr(path, follow_symlinks=False)} - {HOSTS_LABEL})
    kept = [name for name in names if name in (OPAQUE, REDIRECT) or not name.startswith(OVERLAYS_OWN)]
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in kept}


def changes(before: Mapping[str, Facts], after: Mapping[str, Facts]) -> list[str]:
    """Return what has happened to a tree, a line for each path.

    Whether others have names of its files does not count.
    """
    return _compared(before, after, ("removed", "new"), links=0)


def differences(one: Mapping[str, Facts], other: Mapping[str, Facts]) -> list[str]:
    """Return what is not the same in two trees, a line for each path.

    Times of modification do not count.
    """
    return _compared(one, other, ("only in the first", "only in the second"), mtime=0)


def _compared(
    one: Mapping[str, Facts], other: Mapping[str, Facts], words: tuple[str, str], **ignored: int
) -> list[str]:
    found = []
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            found.append(f"{name}: {words[name not in one]}")
            continue
        first, second = ({**vars(facts), **ignored} for facts in (one[name], other[name]))
        if what := [field for field, value in first.items() if value != second[field]]:
            found.append(f"{name}: another {', '.join(what)}")
    return found


def write_manifest(path: Path, tree: Mapping[str, Facts]) -> None:
    """Write one JSON line for each file; the manifest appears whole, or not at all."""
    staging = path.with_name(f"{path.name}.{os.getpid()}")
    with staging.open("w", encoding="ascii") as file:
        file.writelines(json.dumps([name, asdict(facts)]) + "\n" for name, facts in tree.items())
    staging.rename(path)


def read_manifest(path: Path) -> dict[str, Facts]:
    """Read a tree that ``write_manifest`` wrote.

    Raises FileNotFoundError, or ValueError or TypeError for what is no manifest.
    """
    with path.open(encoding="ascii") as file:
        tree = {name: Facts(**facts) for name, facts in map(json.loads, file)}
    if "." not in tree:
        raise ValueError(f"{path.name} is no manifest of a tree")
    return tree
