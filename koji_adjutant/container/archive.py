"""Tar streams into and out of containers. What comes out was made by packagers' code and is hostile."""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from koji_adjutant.errors import EngineError

CHUNK = 1 << 20
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def _entries(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield ``source`` and all below it, each with its name in the archive; no link is followed."""
    yield source, source.name
    for directory, names, files in os.walk(source):
        for name in sorted(names + files):
            path = Path(directory, name)
            yield path, str(PurePosixPath(source.name) / path.relative_to(source).as_posix())


def pack(source: Path) -> Iterator[bytes]:
    """Yield the tar stream of a file or directory in chunks, everything in it owned by root.

    Files are read as they are sent. Raises EngineError for what is neither a file, a directory nor a link,
    and for a file that became shorter meanwhile.
    """
    for path, name in _entries(source):
        status = path.lstat()
        member = tarfile.TarInfo(name)
        member.mode = stat.S_IMODE(status.st_mode)
        member.mtime = int(status.st_mtime)
        if stat.S_ISREG(status.st_mode):
            yield from _pack_file(member, path)
            continue
        if stat.S_ISDIR(status.st_mode):
            member.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(status.st_mode):
            member.type, member.linkname = tarfile.SYMTYPE, str(path.readlink())
        else:
            raise EngineError(
                f"{path} is neither a file, a directory nor a link and cannot go into a container"
            )
        yield _header(member)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _pack_file(member: tarfile.TarInfo, path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        left = member.size = os.fstat(file.fileno()).st_size
        yield _header(member)
        while left and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            yield data
    if left:
        raise EngineError(f"{path} became shorter while it was copied into a container")
    yield bytes(-member.size % tarfile.BLOCKSIZE)


def unpack(stream: IO[bytes], target: Path) -> None:
    """Write what a tar stream holds below ``target``, an existing directory, and nothing anywhere else.

    Owners and special permission bits are dropped. Raises EngineError for names or links that lead out of
    ``target``, for device files and for a damaged stream; what was written before stays.
    """
    root = os.open(target, DIRECTORY)
    try:
        with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape") as tar:
            for member in tar:
                _unpack_member(tar, member, root)
    except tarfile.TarError as error:
        raise EngineError(f"the engine sent an archive that cannot be read: {error}") from error
    finally:
        os.close(root)


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, root: int) -> None:
    parts = _parts(member.name)
    if not parts:
        return
    *above, name = parts
    with _directory(root, above) as parent:
        if member.isdir():
            with _directory(parent, [name]) as made:
                os.fchmod(made, member.mode & 0o777 | 0o700)
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
        if member.isreg():
            descriptor = os.open(name, NEW_FILE, member.mode & 0o777 | 0o600, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as file:
                source = tar.extractfile(member)
                while source is not None and (data := source.read(CHUNK)):
                    file.write(data)
        elif member.issym():
            os.symlink(_link_target(member, len(above)), name, dir_fd=parent)
        elif member.islnk():
            *link_above, link_name = _parts(member.linkname) or [""]
            with _directory(root, link_above) as link_parent:
                os.link(link_name, name, src_dir_fd=link_parent, dst_dir_fd=parent, follow_symlinks=False)
        else:
            raise EngineError(f"{member.name!r} in the container is a device or a pipe and is not copied")


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        raise EngineError(
            f"{name!r} in the container would be written outside of its target and is not copied"
        )
    return parts


def _link_target(member: tarfile.TarInfo, depth: int) -> str:
    """Return the link's target if it stays inside, else raise EngineError.

    It has to be relative, with ".." only in front and no more than ``depth`` of them. A ".." behind a name
    could go up from wherever another link of the archive leads to.
    """
    parts = PurePosixPath(member.linkname).parts
    ups = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    if member.linkname.startswith("/") or ups > depth or ".." in parts[ups:]:
        raise EngineError(
            f"the link {member.name!r} in the container leads out to {member.linkname!r}: not copied"
        )
    return member.linkname


@contextlib.contextmanager
def _directory(start: int, parts: Sequence[str]) -> Iterator[int]:
    """Open a directory below ``start``, making what is missing and following no link."""
    current = os.dup(start)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=current)
            try:
                below = os.open(part, DIRECTORY, dir_fd=current)
            except OSError as error:
                raise EngineError(
                    f"{part!r} in the container's archive is not a directory: not copied"
                ) from error
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)
