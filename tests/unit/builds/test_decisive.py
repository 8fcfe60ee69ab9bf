"""Which lines of a log are shown; the logs of real tools are in test_explanation."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.builds.decisive import LINE_LENGTH, LINES, TAIL_BYTES, find_decisive


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


def decisive_lines(log: Path, count: int = LINES) -> list[str]:
    found = find_decisive(log, count)
    return list(found.lines) if found else []


def test_only_the_last_commands_output(log: Path) -> None:
    log.write_text(
        "Executing command: rpmbuild -bs x.spec\nerror: this is from an earlier command\n"
        "Executing command: rpmbuild -bb x.spec\ngcc -c hello.c\n"
        "hello.c:3:5: error: unknown type name 'in'\nmake: *** [Makefile:2: hello.o] Error 1\n"
    )
    assert decisive_lines(log) == [
        "gcc -c hello.c",
        "hello.c:3:5: error: unknown type name 'in'",
        "make: *** [Makefile:2: hello.o] Error 1",
    ]


def test_no_decisive_line_means_the_end(log: Path) -> None:
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert decisive_lines(log, 3) == ["line 97", "line 98", "line 99"]


def test_a_long_trouble_is_shown_by_its_beginning_and_its_end(log: Path) -> None:
    noise = [f"  in file included from {number}.h" for number in range(100)]
    log.write_text("\n".join(["+ make", "a.c:1:1: error: first", *noise, "make: *** [a.o] Error 1"]))
    lines = decisive_lines(log)
    assert (len(lines), lines[0], lines[-1]) == (17, "a.c:1:1: error: first", "make: *** [a.o] Error 1")


def test_bytes_that_are_no_text(log: Path) -> None:
    log.write_bytes(b"\xff\xfe\x00 error \x1b[31mred\x1b[0m \x1b]0;title\x07 \xe2\x80\xae\r\n")
    assert decisive_lines(log) == ["\ufffd\ufffd\\x00 error red  \\u202e"]


def test_what_was_written_over_is_not_shown(log: Path) -> None:
    log.write_bytes(b"10%\r50%\rerror: at 70%\n")
    assert decisive_lines(log) == ["error: at 70%"]


def test_a_line_without_end(log: Path) -> None:
    log.write_bytes(b"error: " + b"a:" * TAIL_BYTES)
    (line,) = decisive_lines(log)
    assert len(line) <= LINE_LENGTH


def test_a_huge_log_is_read_from_its_end(log: Path) -> None:
    with log.open("wb") as file:
        file.write(b"error: of the beginning\n")
        file.truncate(1 << 30)
        file.seek(1 << 30)
        file.write(b"\nx.c:1:2: error: of the end\n")
    found = find_decisive(log)
    assert found is not None
    assert found.sentence == "x.c:1:2: error: of the end"
    assert found.offset > (1 << 30) - TAIL_BYTES


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"Executing command: x\n"])
def test_nothing_to_show(content: bytes, log: Path) -> None:
    log.write_bytes(content)
    assert decisive_lines(log) == []


def test_no_log(log: Path) -> None:
    assert decisive_lines(log) == []


def test_rpms_word_about_a_line_of_the_spec_file(log: Path) -> None:
    """It quotes the line with its end: what is wrong with it stands in the next line of the log."""
    log.write_text(
        "Executing command: rpmbuild -bs x.spec\nerror: line 20: %files doc\n"
        ": package x-doc does not exist\nBuilding target platforms: noarch\n"
    )
    found = find_decisive(log)
    assert found is not None
    assert found.sentence == "error: line 20: %files doc: package x-doc does not exist"
