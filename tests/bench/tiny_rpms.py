"""Thousands of small packages, written by hand: rpmbuild would take minutes over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.rpm_file import I18N, INT16, INT32, STRING, STRING_ARRAY, write_rpm

# rpm's include/rpm/rpmtag.h
_DESCRIPTION, _BUILDHOST, _LICENSE, _GROUP = 1005, 1007, 1014, 1016
_PROVIDEFLAGS, _PROVIDENAME, _PROVIDEVERSION = 1112, 1047, 1113
_DIRINDEXES, _BASENAMES, _DIRNAMES = 1116, 1117, 1118
_FILESIZES, _FILEMODES, _FILERDEVS, _FILEMTIMES = 1028, 1030, 1033, 1034
_FILEDIGESTS, _FILELINKTOS, _FILEFLAGS, _FILEUSERNAME, _FILEGROUPNAME = 1035, 1036, 1037, 1039, 1040
_CHANGELOGTIME, _CHANGELOGNAME, _CHANGELOGTEXT = 1080, 1081, 1082
_EQUAL = 8

_FILES, _PROVIDES, _REQUIRES, _CHANGES = 43, 5, 11, 10
"""Per package: about what the test distribution's packages have, and createrepo_c's limit for changes."""
_TEXT = "It does nothing, but is described in some lines, as packages are.\n" * 4


def make_packages(directory: Path, count: int) -> list[Path]:
    """``count`` RPMs in ``directory``, in the order of their numbers."""
    directory.mkdir(parents=True)
    return [make_package(directory, number) for number in range(count)]


def make_package(directory: Path, number: int, version: str = "1") -> Path:
    name = f"tiny-{number:05}"
    files = [f"file-{each}" for each in range(_FILES)]
    provided = [name, *(f"capability({number}.{each})" for each in range(_PROVIDES))]
    return write_rpm(
        directory,
        name,
        version,
        arch="noarch",
        requires=[
            f"capability({(number * 7 + each) % 1000}.{each % _PROVIDES})" for each in range(_REQUIRES)
        ],
        more=[
            (_DESCRIPTION, I18N, _TEXT),
            (_BUILDHOST, STRING, "bench.invalid"),
            (_LICENSE, STRING, "MIT"),
            (_GROUP, I18N, "Unspecified"),
            (_PROVIDENAME, STRING_ARRAY, provided),
            (_PROVIDEFLAGS, INT32, [_EQUAL] * len(provided)),
            (_PROVIDEVERSION, STRING_ARRAY, [version] * len(provided)),
            (_BASENAMES, STRING_ARRAY, files),
            (_FILEMODES, INT16, [0o100644] * _FILES),
            (_FILERDEVS, INT16, [0] * _FILES),
            *((tag, INT32, [0] * _FILES) for tag in (_FILESIZES, _FILEMTIMES, _FILEFLAGS)),
            *((tag, STRING_ARRAY, [""] * _FILES) for tag in (_FILEDIGESTS, _FILELINKTOS)),
            *((tag, STRING_ARRAY, ["root"] * _FILES) for tag in (_FILEUSERNAME, _FILEGROUPNAME)),
            (_DIRINDEXES, INT32, [0] * _FILES),
            (_DIRNAMES, STRING_ARRAY, [f"/usr/share/{name}/"]),
            *_changelog(),
        ],
    )


def _changelog() -> Sequence[tuple[int, int, Sequence[str] | Sequence[int]]]:
    return [
        (_CHANGELOGTIME, INT32, [1700000000 - 86400 * each for each in range(_CHANGES)]),
        (_CHANGELOGNAME, STRING_ARRAY, ["A Packager <packager@bench.invalid> - 1-1"] * _CHANGES),
        (_CHANGELOGTEXT, STRING_ARRAY, [f"- change number {each}" for each in range(_CHANGES)]),
    ]
