"""Noarch packages that several buildArch tasks made must be the same; only the first is kept.

Builders send a hash of what must be equal in ``noarch_rpmdiff.json``; where both packages' hashes are there
and equal, the files are not compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.rpm.diff import DEPENDENCIES, EQUAL, TEXTS, Dependency, compared

LESS, GREATER = 2, 4
PREREQ_FLAGS = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
FILE_COLUMNS = "SM5DNLVUGFT"

Hashes = Mapping[str, Mapping[str, str]]


def drop_duplicates(work: Path, rpms: Sequence[str], logs: Mapping[str, Sequence[str]] | None) -> list[str]:
    """Leave out of a list of packages (paths below ``work``) the noarch ones that have come before. Raises
    BuildError if two of the same name differ."""
    kept: list[str] = []
    first: dict[str, str] = {}
    hashes: Hashes | None = None
    for path in rpms:
        name = Path(path).name
        if not path.endswith(".noarch.rpm"):
            kept.append(path)
        elif name not in first:
            first[name] = path
            kept.append(path)
        else:
            if hashes is None:
                hashes = _read_hashes(work, logs or {})
            _assert_same(work, first[name], path, hashes)
    return kept


def _read_hashes(work: Path, logs: Mapping[str, Sequence[str]]) -> Hashes:
    found: dict[str, dict[str, str]] = {}
    for paths in logs.values():
        for path in paths:
            if Path(path).name == "noarch_rpmdiff.json":
                found.update(json.loads((work / path).read_text(encoding="utf-8")))
    return found


def _assert_same(work: Path, first: str, other: str, hashes: Hashes) -> None:
    name = Path(first).name
    known = [hashes.get(path.split("/")[1], {}).get(name) for path in (first, other)]
    if known[0] is not None and known[0] == known[1]:
        return
    differences = compare(work / first, work / other)
    if differences:
        raise koji.BuildError(
            f"The following noarch package built differently on different architectures: {name}\n"
            "rpmdiff output was:\n" + "\n".join(differences)
        )


def compare(old_path: Path, new_path: Path) -> list[str]:
    """Compare two packages as rpmdiff does. Returns a line for each difference; none: they are equal."""
    old, new = compared(old_path), compared(new_path)
    lines = []
    for tag in TEXTS:
        before, after = old.texts[tag], new.texts[tag]
        if before != after:
            mark = "added" if before is None else "removed" if after is None else "S.5........"
            lines.append(f"{mark:<12}{tag.name}")
    for kind in DEPENDENCIES:
        before_set, after_set = old.dependencies[kind], new.dependencies[kind]
        lines += [_line("removed", kind, entry) for entry in before_set if entry not in after_set]
        lines += [_line("added", kind, entry) for entry in after_set if entry not in before_set]
    return lines + _compare_files(old.files, new.files)


def _line(mark: str, kind: str, entry: Dependency) -> str:
    name, flags, version = entry
    sign = "".join(char for bit, char in ((LESS, "<"), (GREATER, ">"), (EQUAL, "=")) if flags & bit)
    shown = "PREREQ" if kind == "REQUIRES" and flags & PREREQ_FLAGS else kind
    return f"{mark:<12}{shown} {name} {sign} {version}"


def _compare_files(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for path in sorted({*old, *new}):
        if path not in old or path not in new:
            lines.append(f"{'added' if path not in old else 'removed':<12}{path}")
        elif old[path] != new[path]:
            marks = "".join(c if old[path].get(c) != new[path].get(c) else "." for c in FILE_COLUMNS)
            lines.append(f"{marks:<12}{path}")
    return lines
