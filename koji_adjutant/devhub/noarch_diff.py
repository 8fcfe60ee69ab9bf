"""Noarch packages that several buildArch tasks made must be the same; only the first is kept.

Equal means what koji's rpmdiff with ``ignore="S5TN"`` means: names, descriptions, scripts, dependencies, and
each file's mode, owner, flags and so on, but neither size, digest, time nor link count. Builders send a hash
of that in ``noarch_rpmdiff.json``; where both packages' hashes are there and equal, the files are not
compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub import rpm_headers

TEXT_TAGS = {
    "NAME": 1000,
    "SUMMARY": 1004,
    "DESCRIPTION": 1005,
    "GROUP": 1016,
    "LICENSE": 1014,
    "URL": 1020,
    "PREIN": 1023,
    "POSTIN": 1024,
    "PREUN": 1025,
    "POSTUN": 1026,
}
DEPENDENCIES = {
    "REQUIRES": (1049, 1048, 1050),
    "PROVIDES": (1047, 1112, 1113),
    "CONFLICTS": (1054, 1053, 1055),
    "OBSOLETES": (1090, 1114, 1115),
}
"""Kind -> tags of names, flags, versions."""

LESS, GREATER, EQUAL = 2, 4, 8
PREREQ_FLAGS = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
FILE_TAGS = {"M": 1030, "D": 1033, "V": 1045, "U": 1039, "G": 1040, "F": 1037}
"""Column of the report -> tag: mode, device, verify flags, user, group, flags."""
FILE_COLUMNS = "SM5DNLVUGFT"
DIRECTORY_INDEXES, BASENAMES, DIRECTORIES = 1116, 1117, 1118

Hashes = Mapping[str, Mapping[str, str]]


def drop_duplicates(work: Path, rpms: Sequence[str], logs: Mapping[str, Sequence[str]] | None) -> list[str]:
    """The list of packages (paths below ``work``) without noarch ones that were built more than once. Raises
    BuildError if those differ."""
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
    """What differs between two packages, a line each; empty: nothing."""
    old, new = rpm_headers.main_header(old_path), rpm_headers.main_header(new_path)
    lines = []
    for name, tag in TEXT_TAGS.items():
        before, after = rpm_headers.text(old, tag), rpm_headers.text(new, tag)
        if before != after:
            mark = "added" if before is None else "removed" if after is None else "S.5........"
            lines.append(f"{mark:<12}{name}")
    for kind in DEPENDENCIES:
        before_set, after_set = _dependencies(old, kind), _dependencies(new, kind)
        lines += [_line("removed", kind, entry) for entry in before_set if entry not in after_set]
        lines += [_line("added", kind, entry) for entry in after_set if entry not in before_set]
    return lines + _compare_files(_files(old), _files(new))


def _dependencies(header: Any, kind: str) -> list[tuple[str, int, str]]:
    names, flags, versions = (header.get(tag) or [] for tag in DEPENDENCIES[kind])
    entries = [(n.decode(), f, v.decode()) for n, f, v in zip(names, flags, versions, strict=True)]
    itself = tuple(rpm_headers.text(header, tag) for tag in (1000, 1001, 1002))
    return [e for e in entries if kind != "PROVIDES" or e != (itself[0], EQUAL, f"{itself[1]}-{itself[2]}")]


def _line(mark: str, kind: str, entry: tuple[str, int, str]) -> str:
    name, flags, version = entry
    sign = "".join(char for bit, char in ((LESS, "<"), (GREATER, ">"), (EQUAL, "=")) if flags & bit)
    shown = "PREREQ" if kind == "REQUIRES" and flags & PREREQ_FLAGS else kind
    return f"{mark:<12}{shown} {name} {sign} {version}"


def _files(header: Any) -> dict[str, dict[str, Any]]:
    names = header.get(BASENAMES) or []
    directories, indexes = header.get(DIRECTORIES) or [], header.get(DIRECTORY_INDEXES) or []
    values = {column: header.get(tag) or [None] * len(names) for column, tag in FILE_TAGS.items()}
    return {
        (directories[indexes[i]] + name).decode("utf-8", "surrogateescape"): {
            c: v[i] for c, v in values.items()
        }
        for i, name in enumerate(names)
    }


def _compare_files(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for path in sorted({*old, *new}):
        if path not in old or path not in new:
            lines.append(f"{'added' if path not in old else 'removed':<12}{path}")
        elif old[path] != new[path]:
            marks = "".join(c if old[path].get(c) != new[path].get(c) else "." for c in FILE_COLUMNS)
            lines.append(f"{marks:<12}{path}")
    return lines
