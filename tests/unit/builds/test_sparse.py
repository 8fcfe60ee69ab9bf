"""Copies that have the holes of the original."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.builds.sparse import CHUNK, copy_sparse

MIB = 1 << 20


@pytest.mark.parametrize(
    ("length", "data"),
    [
        (0, {}),
        (5, {0: b"short"}),
        (64 * MIB, {}),
        (64 * MIB, {0: b"beginning", 32 * MIB: b"m" * (2 * CHUNK + 1), 64 * MIB - 3: b"end"}),
    ],
    ids=["empty", "short", "hole", "islands"],
)
def test_content_and_holes(tmp_path: Path, length: int, data: dict[int, bytes]) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for position, part in data.items():
            file.seek(position)
            file.write(part)
        file.truncate(length)
    with source.open("rb") as original, target.open("xb") as copy:
        copy_sparse(original.fileno(), copy.fileno())
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks * 512 <= sum(map(len, data.values())) + 8 * 4096
