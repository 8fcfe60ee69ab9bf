"""Headers of RPM files, read in pure Python: rpm's own bindings exist only for the system's interpreter."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import koji

from koji_adjutant.errors import SourceError


class Tag(IntEnum):
    """The tags that we read (rpm's include/rpm/rpmtag.h)."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    SUMMARY = 1004
    DESCRIPTION = 1005
    BUILDTIME = 1006
    DISTRIBUTION = 1010
    VENDOR = 1011
    LICENSE = 1014
    PACKAGER = 1015
    GROUP = 1016
    URL = 1020
    ARCH = 1022
    PREIN = 1023
    POSTIN = 1024
    PREUN = 1025
    POSTUN = 1026
    FILEMODES = 1030
    FILERDEVS = 1033
    FILEFLAGS = 1037
    FILEUSERNAME = 1039
    FILEGROUPNAME = 1040
    SOURCERPM = 1044
    FILEVERIFYFLAGS = 1045
    PROVIDENAME = 1047
    REQUIREFLAGS = 1048
    REQUIRENAME = 1049
    REQUIREVERSION = 1050
    CONFLICTFLAGS = 1053
    CONFLICTNAME = 1054
    CONFLICTVERSION = 1055
    EXCLUDEARCH = 1059
    EXCLUSIVEARCH = 1061
    CHANGELOGTIME = 1080
    CHANGELOGNAME = 1081
    CHANGELOGTEXT = 1082
    BUILDARCHS = 1089
    OBSOLETENAME = 1090
    SOURCEPACKAGE = 1106
    PROVIDEFLAGS = 1112
    PROVIDEVERSION = 1113
    OBSOLETEFLAGS = 1114
    OBSOLETEVERSION = 1115
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    PLATFORM = 1132


LEAD = 96
"""Bytes before the signature header."""
SIZE_MAX = 256 << 20
"""Bytes that rpm lets a header have."""
SPECFILE = 1 << 5
"""Of a file's flags (rpm's include/rpm/rpmfiles.h)."""
SIGMD5 = 1004
_SIZES = {3: 2, 4: 4, 5: 8}
"""Bytes that one item of a kind of entry has, at least, where that is not 1 (rpm's include/rpm/rpmtag.h)."""
_TEXTS = (6, 8, 9)
HEADER_DIGESTS = {"sha3-256": 279, "sha256": 273, "sha1": 269}
"""Digests of the main header in the signature header, by koji's labels for them, best first; the tags are
rpm's (include/rpm/rpmtag.h)."""


class RpmHeader:
    """The main header of an RPM file; SourceError if the file is no RPM."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw = koji.RawHeader(_main_header(path), decode=True)
        except (koji.GenericError, IndexError) as problem:
            raise self._unusable(str(problem)) from problem

    def text(self, tag: Tag) -> str | None:
        """Return a string; of a translated one, the untranslated text."""
        values = self.texts(tag)
        return values[0] if values else None

    def texts(self, tag: int) -> Sequence[str]:
        value = self.value(tag)
        values = [value] if isinstance(value, str) else value
        if not all(isinstance(one, str) for one in values):
            raise self._unusable(f"its {_name(tag)} is no text")
        return values

    def numbers(self, tag: int) -> Sequence[int]:
        values: list[int] = self.value(tag)
        if isinstance(values, str) or not all(isinstance(one, int) for one in values):
            raise self._unusable(f"its {_name(tag)} is no number")
        return values

    @property
    def tags(self) -> set[int]:
        return set(self._raw.keys())

    def value(self, tag: int) -> Any:
        """Return a text, bytes, or a list of texts or numbers; an empty list if there is no such tag."""
        try:
            _check_texts(self._raw, tag)
            value = self._raw.get(tag)
        except (koji.GenericError, IndexError, ValueError, struct.error) as problem:
            raise self._unusable(str(problem)) from problem
        return [] if value is None else value

    def _unusable(self, problem: str) -> SourceError:
        return SourceError(f"{self.path.name} is not a readable RPM file: {problem}.")

    def number(self, tag: Tag) -> int | None:
        values = self.numbers(tag)
        return values[0] if values else None

    def requirements(self) -> list[str]:
        """Return its Requires, as rpm writes them, but for what it asks of rpm itself."""
        names, versions = self.texts(Tag.REQUIRENAME), self.texts(Tag.REQUIREVERSION)
        try:
            entries = list(zip(names, self.numbers(Tag.REQUIREFLAGS), versions, strict=True))
        except ValueError as problem:
            raise self._unusable(f"its Requires do not fit together: {problem}") from problem
        return [
            f"{name} {operator(flags)} {version}" if version else name
            for name, flags, version in entries
            if not name.startswith("rpmlib(")
        ]

    @property
    def is_source(self) -> bool:
        return bool(self.number(Tag.SOURCEPACKAGE))

    @property
    def spec(self) -> str | None:
        """The name of a source package's spec file, as rpm finds it among files that are called so.

        That is the one with the flag, where a package has several; the first, where none has it.
        """
        files = zip_longest(self.texts(Tag.BASENAMES), self.numbers(Tag.FILEFLAGS), fillvalue=0)
        specs = [(str(name), flags) for name, flags in files if str(name).endswith(".spec")]
        flagged = [name for name, flags in specs if int(flags) & SPECFILE]
        return next(iter(flagged or [name for name, _flags in specs]), None)

    @property
    def source_file_name(self) -> str:
        """What a source package with this header is called."""
        return f"{self.text(Tag.NAME)}-{self.text(Tag.VERSION)}-{self.text(Tag.RELEASE)}.src.rpm"


def signature_header(path: Path) -> bytes:
    """Return what comes before the main header: digests of it and of the payload, and signatures.

    SourceError if the file is no RPM.
    """
    try:
        with path.open("rb") as file:
            return _section(file, LEAD, pad=True)
    except (koji.GenericError, IndexError) as problem:
        raise SourceError(f"{path.name} is not a readable RPM file: {problem}.") from problem


def signature_header_end(path: Path) -> int:
    """Return at which byte the signature header ends; SourceError if the file is no RPM."""
    signature = signature_header(path)
    return LEAD + len(signature)


def identity(signature: bytes) -> str | None:
    """Return what Koji knows a package by, from its signature header; None if that has no digest.

    SIGMD5 in hex, or, since packages of rpm's format 6 have none, a digest of the main header with a label
    (``sha3-256::…``): what koji.make_rpm_ident prefers, which koji before 1.36 has not. An rpm database does
    not say it of all packages: rpm keeps there what it knows itself, and before 6.0 it knows no SHA3.

    SourceError if it is no signature header.
    """
    try:
        header = koji.RawHeader(signature, decode=True)
        if md5 := header.get(SIGMD5):
            return str(koji.hex_string(md5))
        digests = {label: header.get(tag) for label, tag in HEADER_DIGESTS.items()}
    except (koji.GenericError, IndexError, TypeError, ValueError, struct.error) as problem:
        raise SourceError(f"the package's signature header cannot be read: {problem}.") from problem
    there = [(label, digest) for label, digest in digests.items() if digest is not None]
    if not all(isinstance(digest, str) and digest.isalnum() for _label, digest in there):
        raise SourceError("the package's signature header has digests that are none.")
    return "::".join(there[0]) if there else None


def operator(flags: int) -> str:
    """Return the comparison of a dependency with these flags, by rpm's include/rpm/rpmds.h."""
    return "".join(sign for bit, sign in ((2, "<"), (4, ">"), (8, "=")) if flags & bit)


def _main_header(path: Path) -> bytes:
    with path.open("rb") as file:
        return _section(file, LEAD + koji.rpm_hdr_size(file, LEAD, pad=True))


def _section(file: BinaryIO, start: int, *, pad: bool = False) -> bytes:
    """Return a header's bytes if its index stays within them: a hostile one would keep koji busy for hours.

    (koji.rip_rpm_hdr checks nothing, and leaves the file open when it is no RPM.)
    """
    size = koji.rpm_hdr_size(file, start, pad=pad)
    file.seek(start)
    data = file.read(min(size, SIZE_MAX))
    if len(data) < size:
        raise koji.GenericError("its header is cut off, or larger than rpm allows")
    entries, store = struct.unpack(">II", data[8:16])
    left = store
    for _tag, kind, offset, count in struct.iter_unpack(">IIII", data[16 : 16 + 16 * entries]):
        left -= count * _SIZES.get(kind, 1)
        if offset > store or left < 0:
            raise koji.GenericError("its header's index leads out of the header")
    return data


def _check_texts(header: koji.RawHeader, tag: int) -> None:
    """Raise IndexError for texts that do not end in the header: koji would begin again at its start."""
    _tag, kind, offset, count = header.index.get(tag, (tag, 0, 0, 0))
    if kind in _TEXTS and header.header.count(b"\0", header._store + offset) < (count if kind != 6 else 1):
        raise IndexError("a text does not end in it")


def _name(tag: int) -> str:
    return Tag(tag).name if tag in set(Tag) else f"tag {tag}"
