"""/builddir as mock makes it, with a skeleton that is a package's: /etc/skel may hold anything."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from koji_adjutant.errors import InstallError

OURS = ("build", "scmroot", ".rpmmacros")
"""What we make in /builddir: a skeleton's file of that name, a link perhaps, must not be there before."""

SKELETON_BYTES = 64 << 20
SKELETON_FILES = 10_000
"""More is no skeleton: it is copied for every build."""

_DIRECTORIES = ("RPMS", "SPECS", "SRPMS", "SOURCES", "BUILD", "BUILDROOT", "originals")


def make_home(home: Path, root: Path, macros: str, *, uid: int, gid: int) -> None:
    """Make the directory ``home`` as mock does, with the skeleton of ``root``; all of it is this user's.

    Nothing may run in ``root`` meanwhile. ``macros`` is the text of .rpmmacros. Raises InstallError for a
    skeleton that cannot be copied.
    """
    home.mkdir()
    made = [home]
    try:
        _copy_skeleton(root, made)
    except OSError as error:
        raise InstallError(f"/etc/skel of the buildroot cannot be copied: {error}") from error
    for path in (home / "build", *(home / "build" / name for name in _DIRECTORIES)):
        path.mkdir()
        made.append(path)
    (home / ".rpmmacros").write_text(macros)
    for path in (*made, home / ".rpmmacros"):
        os.chown(path, uid, gid, follow_symlinks=False)


def _copy_skeleton(root: Path, made: list[Path]) -> None:
    """Copy the skeleton to the one directory in ``made``, and add each copy to ``made``.

    Directories, regular files, and links as they are; there is no use for anything else in a home directory.
    """
    skeleton, home = root / "etc" / "skel", made[0]
    # a link in there leads somewhere in the root, and us out of it
    if any(path.is_symlink() or not path.is_dir() for path in (skeleton.parent, skeleton)):
        return
    size = 0
    pending = [(skeleton, home)]
    while pending:
        directory, copies = pending.pop()
        for file in directory.iterdir():
            if copies == home and file.name in OURS:
                continue
            copy, status = copies / file.name, file.lstat()
            size += status.st_size
            if size > SKELETON_BYTES or len(made) > SKELETON_FILES:
                raise InstallError(
                    f"/etc/skel of the buildroot has more than {SKELETON_BYTES >> 20} MiB or "
                    f"{SKELETON_FILES} files: find the package that puts them there"
                )
            if stat.S_ISLNK(status.st_mode):
                copy.symlink_to(file.readlink())
            elif stat.S_ISDIR(status.st_mode):
                copy.mkdir()
                pending.append((file, copy))
            elif stat.S_ISREG(status.st_mode):
                shutil.copyfile(file, copy)
                copy.chmod(status.st_mode & 0o777)
                os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
            else:
                continue
            made.append(copy)
