"""A .deb's file tree as the distribution packs it: usr-merged, without translations and manuals.

The tree is written with ordinary permissions of the caller; owners, modes and the configuration mark are kept
beside it and go into the spec file, so that root and an ordinary user make the same RPM.
"""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.distribution.layout import DIRECTORIES, LINKS
from tests.distribution.run import DistributionError

_FILESYSTEM = frozenset({".", *DIRECTORIES, *LINKS})

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

_LEFT_OUT = (
    "usr/share/bug/",
    "usr/share/doc-base/",
    "usr/share/gdb/",
    "usr/share/info/",
    "usr/share/lintian/",
    "usr/share/locale/",
    "usr/share/man/",
)
_DOC = "usr/share/doc/"


@dataclass
class Payload:
    """Files of one package under ``root``; ``entries`` holds the %files directives of each, by its path."""

    root: Path
    entries: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        return self.root / name

    def add_file(self, name: str, content: str | bytes, mode: int = 0o644, mark: str = "") -> None:
        """A file that the package's maintainer script would have written."""
        path = self._parent(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        self._enter(name, mark)

    def add_link(self, name: str, target: str) -> None:
        """A symbolic link that ``update-alternatives`` or a maintainer script would have made."""
        path = self._parent(name)
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        self._enter(name, "")

    def add_directory(self, name: str, mode: int = 0o755, owner: str = "root", group: str = "root") -> None:
        path = self._parent(name)
        path.mkdir(exist_ok=True)
        self._enter(name, f"%dir %attr({mode:04o},{owner},{group}) ")

    def remove(self, name: str) -> None:
        self.path(name).unlink()
        del self.entries[name]

    def unpack(self, stream: IO[bytes], configuration: frozenset[str]) -> None:
        """Add a .deb's data archive; ``configuration``: its conffiles, without the first '/'."""
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            directories: dict[str, tarfile.TarInfo] = {}
            for member in archive:
                original = posixpath.normpath(member.name).lstrip("/")
                name = merged(original)
                if name in _FILESYSTEM or not _wanted(name):
                    continue
                if member.isdir():
                    directories[name] = member
                else:
                    self._unpack_one(archive, member, original, name, original in configuration)
        # A directory is packed where nothing else would make it, or make it so.
        for name, member in sorted(directories.items()):
            plain = stat.S_IMODE(member.mode) == 0o755 and member.uid == 0 and member.gid == 0
            if not (plain and self._has_entries(name)):
                self.add_directory(name, member.mode, member.uname or "root", member.gname or "root")

    def _unpack_one(
        self, archive: tarfile.TarFile, member: tarfile.TarInfo, original: str, name: str, is_config: bool
    ) -> None:
        path = self._parent(name)
        if member.issym():
            target = merged_link(original, member.linkname)
            if posixpath.normpath(posixpath.join("/", posixpath.dirname(name), target)) == f"/{name}":
                return  # /bin/x -> /usr/bin/x, once both are the same
            path.symlink_to(target)
            os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)
            self._enter(name, "")
            return
        if member.islnk():
            os.link(self.path(merged(posixpath.normpath(member.linkname).lstrip("/"))), path)
            source = self.entries[merged(posixpath.normpath(member.linkname).lstrip("/"))]
            self.entries[name] = source
            return
        content = archive.extractfile(member)
        if content is None:
            raise ValueError(f"{member.name} is neither file, link nor directory")
        with path.open("wb") as out:
            while chunk := content.read(1 << 20):
                out.write(chunk)
        path.chmod(stat.S_IMODE(member.mode) & 0o777 | 0o400)
        os.utime(path, (member.mtime, member.mtime))
        mark = "%config(noreplace) " if is_config else "%license " if name.startswith(_DOC) else ""
        special = member.uid or member.gid or stat.S_IMODE(member.mode) != stat.S_IMODE(path.stat().st_mode)
        owner = f"%attr({stat.S_IMODE(member.mode):04o},{member.uname or 'root'},{member.gname or 'root'}) "
        self._enter(name, mark + (owner if special else ""))

    def _enter(self, name: str, mark: str) -> None:
        self.entries[name] = mark

    def _has_entries(self, directory: str) -> bool:
        return any(name.startswith(f"{directory}/") for name in self.entries)

    def _parent(self, name: str) -> Path:
        """The path of ``name``, in a directory that exists and is inside the tree."""
        path = self.path(name)
        if not path.parent.resolve().is_relative_to(self.root):
            raise DistributionError(f"{name} would be unpacked outside the package's tree; remove its .deb")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def manifest(self) -> Iterator[str]:
        """The lines of %files, sorted."""
        for name, mark in sorted(self.entries.items()):
            yield f'{mark}"/{escaped(name)}"'


def merged(name: str) -> str:
    """A path, relative to the root, in the usr-merged layout."""
    top = name.partition("/")[0]
    return f"usr/{name}" if top in MERGED else name


def merged_link(name: str, target: str) -> str:
    """The target of link ``name`` (its path before the merge) that means the same file after it."""
    if target.startswith("/"):
        return target  # the links at the top keep /lib/... valid
    before = posixpath.normpath(posixpath.join("/", posixpath.dirname(name), target)).lstrip("/")
    if (merged(name), merged(before)) == (name, before):
        return target
    return posixpath.relpath("/" + merged(before), "/" + posixpath.dirname(merged(name)))


def escaped(name: str) -> str:
    """A path for a quoted %files line, which rpm takes literally but for macros.

    Before 4.20 it is a glob first, and literal where that finds nothing.
    """
    return name.replace("%", "%%")


def _wanted(name: str) -> bool:
    if name.startswith(_DOC):
        return posixpath.basename(name) == "copyright"
    return not f"{name}/".startswith(_LEFT_OUT)
