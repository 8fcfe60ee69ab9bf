"""The hash by which the hub tells that two arches built the same noarch RPM.

It must be, bit for bit, ``koji.rpmdiff.Rpmdiff(rpm, rpm, ignore="S5TN").kojihash()``: another arch of the
same build may have been built by a stock builder. koji's own code needs rpm's bindings.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from koji_adjutant.errors import BuildFailed
from koji_adjutant.rpmheader import RpmHeader, Tag

IGNORED = "S5TN"
EQUAL = 8
"""rpm's flag for ``=`` in a dependency."""
NOT_INSTALLED = -1
"""What rpm calls the state of a file that is in a package, not in a system."""

_TAGS = (
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
_DEPENDENCIES = {
    "REQUIRES": (Tag.REQUIRENAME, Tag.REQUIREFLAGS, Tag.REQUIREVERSION),
    "PROVIDES": (Tag.PROVIDENAME, Tag.PROVIDEFLAGS, Tag.PROVIDEVERSION),
    "CONFLICTS": (Tag.CONFLICTNAME, Tag.CONFLICTFLAGS, Tag.CONFLICTVERSION),
    "OBSOLETES": (Tag.OBSOLETENAME, Tag.OBSOLETEFLAGS, Tag.OBSOLETEVERSION),
}


def rpmdiff_hash(rpm: Path) -> str:
    """SHA-256, in hex, of what must be equal. BuildFailed or SourceError if rpm never made it."""
    try:
        return _hash(RpmHeader(rpm))
    except (ValueError, IndexError) as problem:
        raise BuildFailed(f"{rpm.name} is no sound package: {problem}") from problem


def _hash(header: RpmHeader) -> str:
    data: dict[str, Any] = {
        "tags": {int(tag): header.text(tag) for tag in _TAGS},
        "ignore": IGNORED,
        "files": _files(header),
    }
    for name, tags in _DEPENDENCIES.items():
        data[name] = _dependencies(header, *tags)
    itself = (header.text(Tag.NAME), EQUAL, f"{header.text(Tag.VERSION)}-{header.text(Tag.RELEASE)}")
    data["PROVIDES"] = [entry for entry in data["PROVIDES"] if entry != itself]
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _dependencies(header: RpmHeader, names: Tag, flags: Tag, versions: Tag) -> list[tuple[str, int, str]]:
    return sorted(zip(header.texts(names), header.numbers(flags), header.texts(versions), strict=True))


def _files(header: RpmHeader) -> dict[str, dict[int, Any]]:
    """By path, what koji compares of a file, numbered as it numbers them."""
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
        path: {1: mode, 4: device, 7: NOT_INSTALLED, 8: verify, 9: user, 10: group, 3: flags}
        for path, (mode, device, verify, user, group, flags) in zip(paths, columns, strict=True)
    }


def _signed(number: int) -> int:
    """As rpm's bindings give the verify flags: 32 bits with a sign."""
    return number - 2**32 if number >= 2**31 else number
