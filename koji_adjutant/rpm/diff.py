"""What must be equal in noarch packages that several arches of one build made: koji's rpmdiff with "S5TN".

Names, descriptions, scripts, dependencies, and each file's mode, owner, flags and so on, but neither size,
digest, time nor link count. koji's own code (``koji.rpmdiff``) needs rpm's bindings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.errors import BuildFailed
from koji_adjutant.rpm.header import RpmHeader, Tag

IGNORED = "S5TN"
EQUAL = 8
"""rpm's flag for ``=`` in a dependency."""
NOT_INSTALLED = -1
"""What rpm calls the state of a file that is in a package, not in a system."""

TEXTS = (
    Tag.NAME,
    Tag.SUMMARY,
    Tag.DESCRIPTION,
    Tag.GROUP,
    Tag.LICENSE,
    Tag.URL,
    Tag.PREIN,
    Tag.POSTIN,
    Tag.PREUN,
    Tag.POSTUN,
)
DEPENDENCIES = {
    "REQUIRES": (Tag.REQUIRENAME, Tag.REQUIREFLAGS, Tag.REQUIREVERSION),
    "PROVIDES": (Tag.PROVIDENAME, Tag.PROVIDEFLAGS, Tag.PROVIDEVERSION),
    "CONFLICTS": (Tag.CONFLICTNAME, Tag.CONFLICTFLAGS, Tag.CONFLICTVERSION),
    "OBSOLETES": (Tag.OBSOLETENAME, Tag.OBSOLETEFLAGS, Tag.OBSOLETEVERSION),
}
_NUMBERS = {"M": 1, "D": 4, "L": 7, "V": 8, "U": 9, "G": 10, "F": 3}
"""koji's letters for what it compares of a file → its numbers, which the hash is made of."""

Dependency = tuple[str, int, str]
"""Name, flags, version."""


@dataclass(frozen=True)
class Compared:
    """What is compared of a package; files by path, then by koji's letters (mode, device, state, verify
    flags, user, group, flags)."""

    texts: Mapping[Tag, str | None]
    dependencies: Mapping[str, Sequence[Dependency]]
    files: Mapping[str, Mapping[str, Any]]


def compared(rpm: Path) -> Compared:
    """Read a package. BuildFailed or SourceError if rpm never made it."""
    header = RpmHeader(rpm)
    try:
        return Compared(
            {tag: header.text(tag) for tag in TEXTS},
            {kind: _dependencies(header, kind) for kind in DEPENDENCIES},
            _files(header),
        )
    except (ValueError, IndexError) as problem:
        raise BuildFailed(f"{rpm.name} is no sound package: {problem}") from problem


def rpmdiff_hash(rpm: Path) -> str:
    """Return the SHA-256, in hex, of what must be equal. Raises errors as above.

    It is, bit for bit, ``koji.rpmdiff.Rpmdiff(rpm, rpm, ignore="S5TN").kojihash()``: another arch of the same
    build may have been built by a stock builder.
    """
    package = compared(rpm)
    data = {
        "tags": {int(tag): text for tag, text in package.texts.items()},
        "ignore": IGNORED,
        "files": {
            path: {_NUMBERS[letter]: value for letter, value in file.items()}
            for path, file in package.files.items()
        },
        **{kind: sorted(entries) for kind, entries in package.dependencies.items()},
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _dependencies(header: RpmHeader, kind: str) -> list[Dependency]:
    """Return them in the header's order; that a package provides itself says nothing."""
    names, flags, versions = DEPENDENCIES[kind]
    entries = zip(header.texts(names), header.numbers(flags), header.texts(versions), strict=True)
    itself = (header.text(Tag.NAME), EQUAL, f"{header.text(Tag.VERSION)}-{header.text(Tag.RELEASE)}")
    return [entry for entry in entries if kind != "PROVIDES" or entry != itself]


def _files(header: RpmHeader) -> dict[str, dict[str, Any]]:
    directories = header.texts(Tag.DIRNAMES)
    paths = [
        directories[index] + name
        for index, name in zip(header.numbers(Tag.DIRINDEXES), header.texts(Tag.BASENAMES), strict=True)
    ]
    columns = zip(
        header.numbers(Tag.FILEMODES),
        header.numbers(Tag.FILERDEVS),
        [_signed(flags) for flags in header.numbers(Tag.FILEVERIFYFLAGS)],
        header.texts(Tag.FILEUSERNAME),
        header.texts(Tag.FILEGROUPNAME),
        header.numbers(Tag.FILEFLAGS),
        strict=True,
    )
    return {
        path: {"M": mode, "D": device, "L": NOT_INSTALLED, "V": verify, "U": user, "G": group, "F": flags}
        for path, (mode, device, verify, user, group, flags) in zip(paths, columns, strict=True)
    }


def _signed(number: int) -> int:
    """Return the verify flags as rpm's bindings do: 32 bits with a sign."""
    return number - 2**32 if number >= 2**31 else number
