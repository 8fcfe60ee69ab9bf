"""What an entry of the store consists of, written down when it is made: to notice later that it is damaged.

Modes, owners, sizes and times, no contents: these the kernel has at hand. Who damages a file without changing
any of them (a disk, for example) is found by the manifest of the store, which has checksums.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from koji_adjutant.buildroot.files.walk import TreeEntry, walk
from koji_adjutant.text import printable

FILES = ".files"
"""Everything in the entry, for a look at all of it."""
VITAL = ".vital"
"""The part of it that is looked at each time that the entry is used."""
SIZE = ".size"
"""How many bytes it takes on disk."""
DEEPEST = 100
"""What lies below more directories is not written down: that is no package's, and may be without end."""
FIELDS = ("mode", "uid", "gid", "size", "mtime")

Vital = Callable[[TreeEntry], bool]
"""Says of a file of an entry whether it is to be looked at each time."""
Status = Sequence[int]
"""Numbers in the order of FIELDS; the time in nanoseconds."""


def read_size(entry: Path) -> int:
    """Return the bytes that ``write_record`` has counted, 0 where nobody knows.

    Somebody may just have removed the entry, or the machine died before the figure was on disk.
    """
    try:
        return int((entry / SIZE).read_text())
    except (OSError, ValueError):
        return 0


def write_record(entry: Path, is_vital: Vital) -> int:
    """Write down what is in an entry, when nothing will be changed there any more.

    Returns its bytes on disk, as ``du`` does: files with several names count once.
    """
    top = entry.lstat()
    files, vital, blocks = {}, {}, {(top.st_dev, top.st_ino): top.st_blocks}
    for one in walk(entry):
        blocks[one.status.st_dev, one.status.st_ino] = one.status.st_blocks
        if len(one.parts) > DEEPEST:
            continue
        files[one.path] = _status(one.status)
        if is_vital(one):
            vital[one.path] = files[one.path]
    for name, recorded in ((FILES, files), (VITAL, vital)):
        (entry / name).write_text(json.dumps(recorded), encoding="ascii")
    return sum(blocks.values()) * 512


def seen_at_a_glance(entry: Path) -> list[str]:
    """Return what is wrong with the vital part of an entry, a line for each file.

    Nothing is known of an entry without a record, which an earlier version has made.
    """
    try:
        recorded = _read(entry / VITAL)
        lines = [_line(path, status, _present(f"{entry}/{path}")) for path, status in recorded.items()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as problem:
        return [unreadable(VITAL, problem)]
    return [line for line in lines if line]


def seen_in_full(entry: Path, own: Collection[str]) -> list[str]:
    """Return what is wrong with an entry, a line for each file; ``own`` are the store's files at its top.

    It takes a moment for each file: some tenths of a second for a root that was in use just now.
    """
    try:
        recorded = _read(entry / FILES)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as problem:
        return [unreadable(FILES, problem)]
    known = {FILES, VITAL, *own}
    try:
        files = (one for one in walk(entry) if len(one.parts) <= DEEPEST)
        present = {one.path: _status(one.status) for one in files if one.path not in known}
    except OSError as problem:
        return [unreadable(str(problem.filename), problem)]
    paths = [*recorded, *(path for path in present if path not in recorded)]
    lines = (_line(path, recorded.get(path), present.get(path)) for path in paths)
    return [line for line in lines if line]


def _line(path: str, recorded: Status | None, present: Status | None) -> str:
    """Return what is wrong with a file; nothing if it is what was written down."""
    if present is None:
        return f"{printable(path)}: gone"
    if recorded is None:
        return f"{printable(path)}: new"
    others = [name for name, one, other in zip(FIELDS, recorded, present, strict=True) if one != other]
    return f"{printable(path)}: another {', '.join(others)}" if others else ""


def unreadable(name: str, problem: Exception) -> str:
    """Say that a file, or a record, cannot be read."""
    reason = problem.strerror if isinstance(problem, OSError) else "it is no record"
    return f"{printable(name)}: cannot be read, {reason}"


def _read(path: Path) -> Mapping[str, Status]:
    """Read a record. Raises ValueError for anything else."""
    recorded = json.loads(path.read_text(encoding="ascii"))
    if not isinstance(recorded, dict) or not all(
        isinstance(status, list) and len(status) == len(FIELDS) for status in recorded.values()
    ):
        raise ValueError(f"{path.name} is no record")
    return recorded


def _present(path: str) -> Status | None:
    try:
        return _status(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _status(status: os.stat_result) -> Status:
    """Return the numbers of a file; the size of a directory is the file system's business."""
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return [status.st_mode, status.st_uid, status.st_gid, size, status.st_mtime_ns]
