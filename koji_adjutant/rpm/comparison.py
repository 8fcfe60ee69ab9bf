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
            yield f"{name}: {_short(first)} → {_short(second)}"
    for tag, name in tags.SCRIPTS.items():
        if one.value(tag) != other.value(tag):
            yield f"{name} is another one"


def _dependencies(one: RpmHeader, other: RpmHeader, sides: Sides) -> Iterator[str]:
    for kind, columns in tags.DEPENDENCIES.items():
        first, second = (_listed(header, columns) for header in (one, other))
        yield from (f"{kind}: {each} only {sides.first}" for each in sorted(first - second))
        yield from (f"{kind}: {each} only {sides.second}" for each in sorted(second - first))


def _listed(header: RpmHeader, columns: Sequence[int]) -> set[str]:
    names, flags, versions = (header.value(tag) for tag in columns)
    return {
        f"{name} {operator(flag)} {version}" if version else str(name)
        for name, flag, version in zip_longest(names, flags, versions, fillvalue=0)
    }


def _files(first: Table, second: Table, sides: Sides) -> Iterator[str]:
    found = [f"{path}: only {sides.first}" for path in sorted(first.keys() - second.keys())]
    found += [f"{path}: only {sides.second}" for path in sorted(second.keys() - first.keys())]
    common = sorted(first.keys() & second.keys())
    found += [
        f"{path}: {', '.join(words)}" for path in common if (words := _changes(first[path], second[path]))
    ]
    yield from found[:FILES_SHOWN]
    if len(found) > FILES_SHOWN:
        yield f"and {len(found) - FILES_SHOWN} more files"


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    words = []
    for name in tags.FILES:
        before, after = first[name], second[name]
        if before == after or (name == "size" and first["digest"] == second["digest"]):
            continue
        if name == "digest":
            words.append(f"content, {first['size']} → {second['size']} bytes")
        elif name != "size":
            show = _SHOWN.get(name, str)
            words.append(f"{name} {show(before)} → {show(after)}")
    return words


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "mode": stat.filemode,
    "device": hex,
    "flags": hex,
    "verify flags": hex,
}


def _table(header: RpmHeader) -> Table:
    """Return what the header says of each file, by path."""
    directories, indexes = header.value(tags.DIRECTORY_NAMES), header.value(tags.DIRECTORY_INDEXES)
    names = header.value(tags.BASE_NAMES)
    columns: dict[str, Sequence[Any]] = {
        name: next((values for tag in found if (values := header.value(tag))), [])
        for name, found in {**tags.FILES, "time": (tags.FILE_TIMES,)}.items()
    }
    paths = [
        directories[index] + name if index < len(directories) else name
        for index, name in zip(indexes, names, strict=False)
    ]
    return {
        path: {name: values[row] if row < len(values) else 0 for name, values in columns.items()}
        for row, path in enumerate(paths)
    }


def _others(one: RpmHeader, other: RpmHeader) -> Iterator[str]:
    """Yield the tags that nothing above looks at: those of a newer rpm, perhaps."""
    columns = (*tags.DEPENDENCIES.values(), *tags.FILES.values(), (tags.FILE_TIMES,))
    known = {*tags.BY_NATURE, *tags.DERIVED, *tags.TEXTS, *tags.SCRIPTS, *chain.from_iterable(columns)}
    for tag in sorted((one.tags | other.tags) - known):
        if one.value(tag) != other.value(tag):
            yield f"tag {tag} of the header"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.splitlines()[0] if text else "none"
    return text if len(text) <= 60 else f"{text[:57]}…"
