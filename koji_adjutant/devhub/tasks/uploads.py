"""Files that clients and builders send, into ``work/``.

A task's directory may be written only by the builder that has the task open; any other directory belongs to
the user who wrote there first.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import koji
import koji.util

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.people import sessions
from koji_adjutant.devhub.tasks import tasks

ChecksumConstructor = Callable[[], Any]

OWNER_FILE = ".user"


def checksum_for(kind: str | None) -> ChecksumConstructor | None:
    """Choose the constructor for ``md5``, ``sha256`` or ``adler32``; None for none. Raises GenericError for
    another kind."""
    known: dict[str, ChecksumConstructor] = {
        "md5": lambda: hashlib.md5(usedforsecurity=False),
        "sha256": hashlib.sha256,
        "adler32": koji.util.adler32_constructor,
    }
    if not kind:
        return None
    if kind not in known:
        raise koji.GenericError(f"Unsupported verify type: {kind}")
    return known[kind]


def upload_path(
    call: Call, directory: str, name: str, *, volume: str | None = None, create: bool = False
) -> Path:
    """Work out where a file of that name belongs. ``create``: check who may write there, and make the
    directory.

    Raises GenericError for a path that leads out of work/ and a directory of another user's, ActionNotAllowed
    for the directory of a task that the caller does not have open.
    """
    if os.path.dirname(name) or name.startswith(".") or not name:  # noqa: PTH120 - "a/" has a directory part
        raise koji.GenericError(f"Invalid upload filename: {name}")
    normal = os.path.normpath(directory)
    if not directory or normal.startswith(("..", "/")):
        raise koji.GenericError(f"Invalid upload directory: {directory}")
    if volume is not None:
        lookups.lookup(call, "volume", volume, strict=True)
    place = Path(call.paths.work(volume=volume)) / normal
    if create:
        parts = normal.split("/")
        if parts[0] == "tasks":
            if len(parts) < 3 or not parts[2].isdecimal():
                raise koji.GenericError(f"Invalid task upload directory: {directory}")
            tasks.assert_host(call, int(parts[2]))
        place.mkdir(parents=True, exist_ok=True)
        if parts[0] != "tasks":
            _assert_owner(call, place, directory)
    return place / name


def _assert_owner(call: Call, place: Path, directory: str) -> None:
    mark = place / OWNER_FILE
    if not mark.exists():
        mark.write_text(str(call.session.user_id), encoding="ascii")
    elif int(mark.read_text(encoding="ascii")) != call.session.user_id:
        raise koji.GenericError(f"Invalid upload directory, not owner: {directory}")


def _lock(descriptor: int, kind: int) -> None:
    try:
        fcntl.lockf(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        raise koji.LockError(str(error)) from error


@dataclass(frozen=True)
class RawUpload:
    """A piece of a file, sent as the body of a POST; the rest is in the query string."""

    name: str
    directory: str
    verify: str
    overwrite: bool
    offset: int
    volume: str

    @classmethod
    def parse(cls, query: str) -> RawUpload:
        """Read ``filename``, ``filepath``, ``fileverify``, ``offset``, ``overwrite``, ``volume``."""
        args = {key: values[0] for key, values in parse_qs(query, strict_parsing=True).items()}
        return cls(
            name=args["filename"],
            directory=args.get("filepath", ""),
            verify=args.get("fileverify", ""),
            overwrite=bool(args.get("overwrite", "")),
            offset=int(args.get("offset", "0")),
            volume=args.get("volume", "DEFAULT"),
        )

    def destination(self, call: Call) -> Path:
        """Work out where the piece goes, for which the database is needed. Raises ActionNotAllowed for
        somebody who is not logged in, GenericError for a place where it may not go."""
        if not call.session.logged_in:
            raise koji.ActionNotAllowed("you must be logged-in to upload a file")
        path = upload_path(call, self.directory, self.name, volume=self.volume, create=True)
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return path
        if stat.S_ISLNK(mode):
            raise koji.GenericError(f"destination is a symlink: {path}")
        if not stat.S_ISREG(mode):
            raise koji.GenericError(f"destination not a file: {path}")
        if self.offset == 0 and not self.overwrite:
            raise koji.GenericError(f"upload path exists: {path}")
        return path

    def write(self, path: Path, chunk: bytes) -> dict[str, Any]:
        """Write the piece (offset -1: at the end). ``overwrite`` cuts the file off at the offset; without it
        the file must end with this piece. Returns ``{size, fileverify, offset, hexdigest}``."""
        constructor = checksum_for(self.verify)
        if constructor is None:
            raise TypeError("'NoneType' object is not callable")  # what a real hub answers here
        checksum = constructor()
        checksum.update(chunk)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            _lock(descriptor, fcntl.LOCK_EX)
            offset = os.lseek(descriptor, 0, os.SEEK_END) if self.offset == -1 else self.offset
            if self.overwrite and self.offset != -1:
                os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
            _write_all(descriptor, chunk)
            length, expected = os.fstat(descriptor).st_size, offset + len(chunk)
        finally:
            os.close(descriptor)
        if not self.overwrite and length != expected:
            raise koji.GenericError(
                f"Incorrect upload length for {path} - Expected {expected}, actual {length}"
            )
        digest = checksum.hexdigest()
        return {"size": len(chunk), "fileverify": self.verify, "offset": offset, "hexdigest": digest}


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@exported("checkUpload")
def check_upload(
    call: Call,
    path: str,
    name: str,
    verify: str | None = None,
    tail: int | None = None,
    volume: str | None = None,
) -> Any:
    """Measure an uploaded file: ``{size, mtime[, sumlength, hexdigest]}``, or None if there is none.
    ``verify``: with a checksum of that kind, of the last ``tail`` bytes or of all."""
    file = upload_path(call, path, name, volume=volume)
    constructor = checksum_for(verify)
    if tail is not None and tail < 0:
        raise koji.GenericError(f"Invalid tail value: {tail!r}")
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        return None
    with stream:
        _lock(stream.fileno(), fcntl.LOCK_SH)
        info = os.fstat(stream.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise koji.GenericError(f"Not a regular file: {file}")
        answer: dict[str, Any] = {"size": info.st_size, "mtime": info.st_mtime}
        if constructor is not None:
            start = 0 if tail is None else max(info.st_size - tail, 0)
            stream.seek(start)
            checksum = constructor()
            while chunk := stream.read(1 << 20):
                checksum.update(chunk)
            answer.update(sumlength=stream.tell() - start, hexdigest=checksum.hexdigest())
    return answer


@exported("uploadFile")
def upload_file(
    call: Call,
    path: str,
    name: str,
    size: Any,
    md5sum: Any,
    offset: Any,
    data: str,
    volume: str | None = None,
    checksum: Any = None,
) -> bool:
    """Take a piece of a file in base64, the older way to upload.

    ``md5sum`` or ``checksum``: hex digest (MD5) or ``[kind, digest]``; offset -1 is the last piece, with size
    and digest of the whole. Returns False if the sums do not agree.
    """
    sessions.assert_login(call)
    try:
        contents = base64.b64decode(data)
    except binascii.Error as error:
        raise koji.GenericError(f"upload of {name}: not base64: {error}") from error
    place, total = koji.decode_int(offset), None if size is None else koji.decode_int(size)
    kind, digest = _digest(md5sum if checksum is None else checksum)
    if place != -1 and not _agrees(contents, total, kind, digest):
        return False
    file = upload_path(call, path, name, volume=volume, create=True)
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise koji.GenericError(f"destination not a file: {file}")
    if place == 0 and file.exists() and file.suffix != ".log":
        raise koji.GenericError(f"file already exists: {file}")
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        _lock(descriptor, fcntl.LOCK_EX)
        if place == 0 or (place == -1 and total == len(contents)):
            os.ftruncate(descriptor, 0)
        os.lseek(descriptor, *((0, os.SEEK_END) if place == -1 else (place, os.SEEK_SET)))
        _write_all(descriptor, contents)
        if place == -1 and total is not None:
            os.ftruncate(descriptor, total)
    finally:
        os.close(descriptor)
    return place != -1 or _agrees(file.read_bytes(), None, kind, digest)


def _digest(checksum: Any) -> tuple[str | None, str | None]:
    if checksum is None:
        return None, None
    if isinstance(checksum, str):
        return "md5", checksum
    kind, digest = checksum
    return kind, digest


def _agrees(contents: bytes, size: int | None, kind: str | None, digest: str | None) -> bool:
    if size is not None and size != len(contents):
        return False
    constructor = checksum_for(kind)
    if constructor is None:
        return True
    checksum = constructor()
    checksum.update(contents)
    return bool(checksum.hexdigest() == digest)
