"""Which lines of a log are shown."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.builds.decisive import decisive_lines

COMPILER = """\
Executing command: rpmbuild -bs x.spec
error: this is from an earlier command
Executing command: rpmbuild -bb x.spec
+ make
gcc -c hello.c
hello.c: In function 'main':
hello.c:3:5: error: unknown type name 'in'
    3 |     in x;
make: *** [Makefile:2: hello.o] Error 1
error: Bad exit status from /var/tmp/rpm-tmp.x (%build)

RPM build errors:
    Bad exit status from /var/tmp/rpm-tmp.x (%build)
"""


def test_the_compilers_words(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text(COMPILER)
    assert decisive_lines(log) == [
        "hello.c: In function 'main':",
        "hello.c:3:5: error: unknown type name 'in'",
        "    3 |     in x;",
        "make: *** [Makefile:2: hello.o] Error 1",
    ]


def test_no_telling_line_means_the_end(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert decisive_lines(log, 3) == ["line 97", "line 98", "line 99"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_bytes(b"\xff\xfe error\n")
    assert decisive_lines(log) == ["\ufffd\ufffd error"]


def test_no_log(tmp_path: Path) -> None:
    assert decisive_lines(tmp_path / "build.log") == []
