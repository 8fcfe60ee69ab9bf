"""Writing tiny RPM files by hand, so that imports can be tried where there is no rpm."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

INT16, INT32, STRING, BINARY, STRING_ARRAY, I18N = 3, 4, 6, 7, 8, 9
NUMBERS = {INT16: "H", INT32: "I"}
SIGNATURES, IMMUTABLE = 62, 63
"""Regions: a header that is one as a whole is a version 4 package's."""
MAGIC = bytes.fromhex("8eade80100000000")

Value = int | str | bytes | Sequence[str] | Sequence[int]
Entry = tuple[int, int, Value]


def _encode(kind: int, value: Value) -> tuple[bytes, int]:
    if kind == BINARY:
        assert isinstance(value, bytes)
        return value, len(value)
    if kind in NUMBERS:
        numbers = [value] if isinstance(value, int) else [int(v) for v in value]
        return struct.pack(f">{len(numbers)}{NUMBERS[kind]}", *numbers), len(numbers)
    texts = [value] if isinstance(value, str) else [str(v) for v in value]  # type: ignore[union-attr]
    return b"".join(text.encode() + b"\0" for text in texts), len(texts)


def header(region: int, entries: Sequence[Entry]) -> bytes:
    index, store = b"", b""
    for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
        data, count = _encode(kind, value)
        if kind in NUMBERS:
            store += b"\0" * (-len(store) % struct.calcsize(NUMBERS[kind]))
        index += struct.pack(">4I", tag, kind, len(store), count)
        store += data
    index = struct.pack(">4I", region, BINARY, len(store), 16) + index
    store += struct.pack(">2IiI", region, BINARY, -len(index), 16)
    return MAGIC + struct.pack(">2I", len(entries) + 1, len(store)) + index + store


def write_rpm(
    directory: Path,
    name: str,
    version: str = "1.0",
    release: str = "1",
    arch: str = "x86_64",
    *,
    epoch: int | None = None,
    source: bool = False,
    sourcerpm: str | None = None,
    requires: Sequence[str] = (),
    file_name: str | None = None,
    payload: bytes = b"nothing",
    more: Sequence[Entry] = (),
) -> Path:
    """A package with a header and a payload that is no archive; returns its path.

    ``more`` are further entries of its header: tag, type and value.
    """
    entries: list[Entry] = [
        (1000, STRING, name),
        (1001, STRING, version),
        (1002, STRING, release),
        (1004, I18N, f"The {name} package"),
        (1006, INT32, 1700000000),
        (1022, STRING, "x86_64" if source else arch),
        *more,
    ]
    if epoch is not None:
        entries.append((1003, INT32, epoch))
    if source:
        entries.append((1106, INT32, 1))
    else:
        entries.append((1044, STRING, sourcerpm or f"{name}-{version}-{release}.src.rpm"))
    if requires:
        entries.append((1049, STRING_ARRAY, list(requires)))
        entries.append((1048, INT32, [0] * len(requires)))
        entries.append((1050, STRING_ARRAY, [""] * len(requires)))
    main = header(IMMUTABLE, entries)
    digest = hashlib.md5(main + payload, usedforsecurity=False).digest()
    signature = header(SIGNATURES, [(1000, INT32, len(main) + len(payload)), (1004, BINARY, digest)])
    signature += b"\0" * (-len(signature) % 8)
    lead = struct.pack(">4s3H66s2H16s", b"\xed\xab\xee\xdb", 0x300, int(source), 1, b"", 1, 5, b"")
    shown = "src" if source else arch
    path = directory / (file_name or f"{name}-{version}-{release}.{shown}.rpm")
    path.write_bytes(lead + signature + main + payload)
    return path
