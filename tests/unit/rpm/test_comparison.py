"""In what two packages differ: each kind of difference, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.builds.comparison import compared
from koji_adjutant.errors import SourceError
from koji_adjutant.rpm import compared_tags as tags
from koji_adjutant.rpm.comparison import FILES_SHOWN, Sides, compare
from tests.support.rpm_file import I18N, INT16, INT32, STRING, STRING_ARRAY, Entry, write_rpm

SIDES = Sides("in the first", "in the second")

FILES: list[Entry] = [
    (1028, INT32, [10, 20]),
    (1030, INT16, [0o100755, 0o100644]),
    (1034, INT32, [1, 2]),
    (1035, STRING_ARRAY, ["aa", "bb"]),
    (1036, STRING_ARRAY, ["", ""]),
    (1037, INT32, [0, 0]),
    (1039, STRING_ARRAY, ["root", "root"]),
    (1040, STRING_ARRAY, ["root", "root"]),
    (1116, INT32, [0, 1]),
    (1117, STRING_ARRAY, ["hello", "README"]),
    (1096, INT32, [1, 2]),
    (1118, STRING_ARRAY, ["/usr/bin/", "/usr/share/doc/hello/"]),
]


def package(place: Path, *entries: Entry, files: bool = True) -> Path:
    """A package with two files; entries take the place of those with the same tag."""
    place.mkdir()
    own = {entry[0]: entry for entry in (*(FILES if files else ()), *entries)}
    return write_rpm(place, "hello", more=list(own.values()))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([(1004, I18N, "Another")], ["Summary: "]),
        ([(1005, I18N, "Two\nlines")], ["Description is another one"]),
        (
            [(1096, INT32, [1, 1])],
            ["/usr/share/doc/hello/README: same file as /usr/share/doc/hello/README → /usr/bin/hello"],
        ),
        ([(5104, STRING, "exit 0")], ["%postuntrans is another one"]),
        ([(5121, STRING_ARRAY, ["of another payload"])], []),
        ([(1023, STRING, "exit 0")], ["%pre is another one"]),
        ([(1035, STRING_ARRAY, ["ab", "bb"])], ["/usr/bin/hello: content, 10 → 10 bytes"]),
        (
            [(1035, STRING_ARRAY, ["ab", "bb"]), (1028, INT32, [12, 20])],
            ["/usr/bin/hello: content, 10 → 12 bytes"],
        ),
        ([(1030, INT16, [0o104755, 0o100644])], ["/usr/bin/hello: mode -rwxr-xr-x → -rwsr-xr-x"]),
        ([(1039, STRING_ARRAY, ["root", "bin"])], ["/usr/share/doc/hello/README: owner root → bin"]),
        (
            [(1117, STRING_ARRAY, ["hullo", "README"])],
            ["/usr/bin/hello: only in the first", "/usr/bin/hullo: only in the second"],
        ),
        ([(9999, STRING, "of a newer rpm")], ["tag 9999 of the header"]),
        ([(1006, INT32, 17), (1007, STRING, "elsewhere"), (1094, STRING, "elsewhere 17")], []),
        ([(1034, INT32, [1, 3])], []),
    ],
)
def test_differences(tmp_path: Path, entries: list[Entry], words: list[str]) -> None:
    found = compare(package(tmp_path / "1"), package(tmp_path / "2", *entries), SIDES)
    assert len(found.differences) == len(words)
    assert all(each.startswith(word) for each, word in zip(found.differences, words, strict=True))
    assert found.times == (1 if entries[0][0] == 1034 else 0)


def test_dependencies(tmp_path: Path) -> None:
    def requiring(place: Path, *names: str) -> Path:
        place.mkdir()
        return write_rpm(place, "hello", requires=names)

    found = compare(requiring(tmp_path / "1", "bash", "sed"), requiring(tmp_path / "2", "sed", "zsh"), SIDES)
    assert found.differences == ["Requires: bash only in the first", "Requires: zsh only in the second"]


def test_what_a_dependency_is_for(tmp_path: Path) -> None:
    def requiring(place: Path, flags: int) -> Path:
        place.mkdir()
        sense: Entry = (1048, INT32, [flags])
        return write_rpm(
            place, "hello", more=[(1049, STRING_ARRAY, ["/bin/sh"]), sense, (1050, STRING_ARRAY, [""])]
        )

    found = compare(requiring(tmp_path / "1", 0), requiring(tmp_path / "2", 1 << 9), SIDES)
    assert found.differences == [
        "Requires: /bin/sh only in the first",
        "Requires: /bin/sh (flags 0x200) only in the second",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        (1117, INT32, [1, 2]),
        (1030, STRING_ARRAY, ["rw", "rx"]),
        (1116, STRING_ARRAY, ["0", "1"]),
        (1048, STRING_ARRAY, ["0"]),
    ],
)
def test_headers_with_values_of_another_type(tmp_path: Path, entry: Entry) -> None:
    with pytest.raises(
        SourceError, match=r"hello-1.0-1.x86_64.rpm is not a readable RPM file: its .* is no "
    ):
        compare(package(tmp_path / "1"), package(tmp_path / "2", entry), SIDES)


def test_the_tags_are_those_of_rpm() -> None:
    """Some that were wrong once, as rpm 6.0's include/rpm/rpmtag.h has them."""
    assert (tags.SCRIPTS[5103], tags.SCRIPTS[5104]) == ("%preuntrans", "%postuntrans")
    assert {5115, 5116, 5118, 5119, 5121, 5122, 5123, 5124} <= set(tags.DERIVED)
    assert tags.TEXTS[5114] == "format of the package"


def test_packages_without_files(tmp_path: Path) -> None:
    found = compare(package(tmp_path / "1", files=False), package(tmp_path / "2"), SIDES)
    assert found.differences == [
        "/usr/bin/hello: only in the second",
        "/usr/share/doc/hello/README: only in the second",
    ]


def test_of_many_files_the_first_are_named(tmp_path: Path) -> None:
    count = FILES_SHOWN + 5
    names: list[Entry] = [
        (1116, INT32, [0] * count),
        (1117, STRING_ARRAY, [f"file-{number:02}" for number in range(count)]),
        (1118, STRING_ARRAY, ["/usr/share/"]),
    ]
    found = compare(package(tmp_path / "1", files=False), package(tmp_path / "2", *names, files=False), SIDES)
    assert len(found.differences) == FILES_SHOWN + 1
    assert found.differences[-1] == "and 5 more files"


def test_packages_that_only_one_build_has(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    both = [package(first), package(second)]
    found = compared([both[0], write_rpm(first, "early")], [both[1], write_rpm(second, "late")])
    assert {name: list(each.differences) for name, each in found.items()} == {
        "early-1.0-1.x86_64.rpm": ["only in the first build"],
        "hello-1.0-1.x86_64.rpm": [],
        "late-1.0-1.x86_64.rpm": ["only in the second"],
    }
