"""In what two builds of one package differ, in words.

When and where a package was built is no difference: no two builds have that in common. Nor are files' times,
which most distributions leave as they come; how many are other ones is said apart.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from koji_adjutant.rpm import compared_tags as tags
from koji_adjutant.rpm.header import RpmHeader, operator

FILES_SHOWN = 20
LENGTH = 60
"""Characters of a text that is shown."""
_COMPARISON = 0b1110
"""Of a dependency's flags: less, greater, equal."""
_NONE = 0
"""In place of what a header does not say of a file."""

Table = Mapping[str, Mapping[str, Any]]
"""What a header says of files: by path, then by name."""


@dataclass(frozen=True)
class Sides:
    """What the two builds are called: ``only {first}``, ``only {second}``."""

    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """Of two packages: a phrase for each difference, and how many files that both have have other times."""

    differences: Sequence[str] = ()
    times: int = 0


def compare(one: Path, other: Path, sides: Sides) -> Comparison:
    """Compare two packages. Raises SourceError for what is no RPM file."""
    headers = RpmHeader(one), RpmHeader(other)
    files = _table(headers[0]), _table(headers[1])
    words = [
        *_texts(*headers),
        *_dependencies(*headers, sides),
        *_files(*files, sides),
        *_others(*headers),
    ]
    common = files[0].keys() & files[1].keys()
    return Comparison(words, sum(1 for path in common if files[0][path]["time"] != files[1][path]["time"]))


def _texts(one: RpmHeader, other: RpmHeader) -> Iterator[str]:
    for tag, name in tags.TEXTS.items():
        first, second = one.value(tag), other.value(tag)
        if first != second:
            yield _changed(name, first, second)
    for tag, name in tags.SCRIPTS.items():
        if one.value(tag) != other.value(tag):
            yield f"{name} is another one"


def _changed(name: str, *values: Any) -> str:
    """Show both where that is short, and all of it."""
    shown = [", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values]
    if any(len(text) > LENGTH or "\n" in text for text in shown):
        return f"{name} is another one"
    return f"{name}: {shown[0] or 'none'} → {shown[1] or 'none'}"


def _dependencies(one: RpmHeader, other: RpmHeader, sides: Sides) -> Iterator[str]:
    for kind, columns in tags.DEPENDENCIES.items():
        first, second = (_listed(header, columns) for header in (one, other))
        yield from (f"{kind}: {each} only {sides.first}" for each in sorted(first - second))
        yield from (f"{kind}: {each} only {sides.second}" for each in sorted(second - first))


def _listed(header: RpmHeader, columns: Sequence[int]) -> set[str]:
    """Return dependencies with what else rpm knows of them: for which script they are, who found them."""
    names, numbers, versions = (
        header.texts(columns[0]),
        header.numbers(columns[1]),
        header.texts(columns[2]),
    )
    return {
        (f"{name} {operator(flags)} {version}" if version else name)
        + (f" (flags {flags & ~_COMPARISON:#x})" if flags & ~_COMPARISON else "")
        for name, flags, version in zip_longest(names, numbers, versions, fillvalue=0)
        if isinstance(name, str) and isinstance(flags, int)
    }


def _files(first: Table, second: Table, sides: Sides) -> Iterator[str]:
    found = [f"{path}: only {sides.first}" for path in sorted(first.keys() - second.keys())]
    found += [f"{path}: only {sides.second}" for path in sorted(second.keys() - first.keys())]
    common = sorted(first.keys() & second.keys())
    found += [
        f"{path}: {', '.join(words)}"
        for path in common
        if (words := list(_changes(first[path], second[path])))
    ]
    yield from found[:FILES_SHOWN]
    if len(found) > FILES_SHOWN:
        yield f"and {len(found) - FILES_SHOWN} more files"


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    if first["digest"] != second["digest"]:
        yield f"content, {first['size']} → {second['size']} bytes"
    for name, show in _SHOWN.items():
        if first[name] != second[name]:
            yield f"{name} {show(first[name])} → {show(second[name])}"


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "mode": stat.filemode,
    "owner": str,
    "group": str,
    "link": str,
    "same file as": str,
    "capabilities": str,
    "device": hex,
    "language": str,
    "flags": hex,
    "verify flags": hex,
}


def _table(header: RpmHeader) -> Table:
    """Return what the header says of each file, by path. Raises SourceError for what is of another type."""
    directories = header.texts(tags.DIRECTORY_NAMES)
    rows = zip(header.numbers(tags.DIRECTORY_INDEXES), header.texts(tags.BASE_NAMES), strict=False)
    paths = [directories[index] + name if index < len(directories) else name for index, name in rows]
    columns: dict[str, Sequence[Any]] = {
        **{name: header.texts(tag) for name, tag in tags.FILE_TEXTS.items()},
        **{name: header.numbers(tag) for name, tag in tags.FILE_NUMBERS.items()},
        "size": next((sizes for tag in tags.FILE_SIZES if (sizes := header.numbers(tag))), []),
        "time": header.numbers(tags.FILE_TIMES),
        "same file as": _hard_links(paths, header.numbers(tags.FILE_INODES)),
    }
    return {
        path: {name: values[row] if row < len(values) else _NONE for name, values in columns.items()}
        for row, path in enumerate(paths)
    }


def _hard_links(paths: Sequence[str], inodes: Sequence[int]) -> list[str]:
    """Return of each file the first that it is the same as: itself, mostly."""
    first: dict[int, str] = {}
    return [first.setdefault(inode, path) for path, inode in zip(paths, inodes, strict=False)]


def _others(one: RpmHeader, other: RpmHeader) -> Iterator[str]:
    """Yield the tags that nothing above looks at: those of a newer rpm, perhaps."""
    known = {
        *(*tags.BY_NATURE, *tags.DERIVED, *tags.TEXTS, *tags.SCRIPTS),
        *(*tags.FILE_TEXTS.values(), *tags.FILE_NUMBERS.values(), *tags.FILE_SIZES),
        *(tags.FILE_TIMES, tags.FILE_INODES),
        *chain.from_iterable(tags.DEPENDENCIES.values()),
    }
    for tag in sorted((one.tags | other.tags) - known):
        if one.value(tag) != other.value(tag):
            yield f"tag {tag} of the header"
