"""RPM files that consist of a header only: enough for whoever reads headers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.rpm.header import Tag

Value = str | int | Sequence[str] | Sequence[int]

_LEAD = b"\xed\xab\xee\xdb" + bytes(92)
_MAGIC = b"\x8e\xad\xe8\x01" + bytes(4)
_INT32, _STRING, _STRING_ARRAY = 4, 6, 8


def write_rpm(path: Path, tags: Mapping[Tag, Value]) -> Path:
    """A file with these tags, and an empty signature header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_LEAD + header({}) + header(tags))
    return path


def write_srpm(
    path: Path, name: str = "hello", version: str = "1.0", release: str = "1", **more: Value
) -> Path:
    """A source package; ``more`` are further tags by name."""
    tags: dict[Tag, Value] = {
        Tag.NAME: name,
        Tag.VERSION: version,
        Tag.RELEASE: release,
        Tag.SOURCEPACKAGE: 1,
    }
    return write_rpm(path, tags | {Tag[key]: value for key, value in more.items()})


def header(tags: Mapping[int, Value] | Mapping[Tag, Value]) -> bytes:
    """A header's bytes, with its tags."""
    index, store = b"", b""
    for tag, value in sorted(tags.items()):
        if isinstance(value, str):
            kind, count, data = _STRING, 1, value.encode() + b"\0"
        elif isinstance(value, int) or all(isinstance(one, int) for one in value):
            numbers = [value] if isinstance(value, int) else value
            store += bytes(-len(store) % 4)
            kind, count, data = _INT32, len(numbers), struct.pack(f">{len(numbers)}I", *numbers)
        else:
            text = b"".join(str(one).encode() + b"\0" for one in value)
            kind, count, data = _STRING_ARRAY, len(value), text
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    whole = _MAGIC + struct.pack(">II", len(tags), len(store)) + index + store
    return whole + bytes(-len(whole) % 8) if not tags else whole
