"""That what a build has left on the hub is whole, and there once."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.hub.farm import Farm
from tests.hub.rpms import check_digests, query

LEAD = 96
"""Bytes before the first header of an RPM."""
INTRO = struct.Struct(">8xII")
"""Of a header: its magic number, then how many entries of 16 bytes, and how many bytes of values it has."""


def assert_whole(farm: Farm, task: int) -> None:
    """Look at everything that a buildArch task says it has uploaded.

    Logs that the worker keeps as well are the same there, byte by byte; RPMs have the length and the
    digests that their headers say. Nothing else is there, and nothing twice.
    """
    result: dict[str, Any] = farm.admin.getTaskResult(task)
    assert farm.hub.topdir is not None
    claimed = [farm.hub.topdir / "work" / path for kind in ("logs", "rpms", "srpms") for path in result[kind]]
    names = [path.name for path in claimed]
    assert sorted(names) == sorted(farm.admin.listTaskOutput(task))
    assert len(set(names)) == len(names)
    kept = farm.directory / "task-logs" / str(task)
    for path in claimed:
        if (kept / path.name).exists():
            assert path.read_bytes() == (kept / path.name).read_bytes(), path
    assert {"build.log", "root.log", "state.log"} <= {path.name for path in kept.iterdir()}
    rpms = [path for path in claimed if path.suffix == ".rpm"]
    assert rpms
    _assert_rpms_whole(rpms)


def _assert_rpms_whole(rpms: Sequence[Path]) -> None:
    check_digests(rpms)
    for path in rpms:
        with path.open("rb") as file:
            file.seek(LEAD)
            entries, values = INTRO.unpack(file.read(INTRO.size))
        signatures = INTRO.size + 16 * entries + values
        rest = int(query(path, "%{SIGSIZE}"))
        assert path.stat().st_size == LEAD + signatures + -signatures % 8 + rest, path
