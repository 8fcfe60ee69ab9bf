"""What rpmbuild's logs, those in ``logs``, show of why a build failed."""

# ruff: noqa: RUF001  (GCC quotes like this)

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    log: str
    failure: str
    sentence: str
    line: str
    """One that must be among those shown."""


BUILDS = [
    Case(
        "gcc", "build", "in %build: hello.c:4:22: error: ‘many’ undeclared", "hello.c: In function ‘greet’:"
    ),
    Case(
        "gcc-parallel", "build", "in %build: f2.c:1:10: fatal error: nosuch/header.h:", "compilation termina"
    ),
    Case(
        "tolerated", "build", "in %build: main.c:1:25: error: implicit declaration", "    1 | int main(void)"
    ),
    Case("ld", "build", "in %build: main.c:(.text+0xa): undefined reference to `crc'", "collect2: error"),
    Case(
        "cmake", "build", "in %build: Could not find a package configuration file", "CMake Error at CMakeLi"
    ),
    Case(
        "meson", "build", 'in %build: meson.build:2:0: ERROR: Dependency "nosuch-devel"', "meson.build:2:0:"
    ),
    Case("ninja", "build", "in %build: ../b.c:1:21: error: expected ‘;’", "FAILED: a.p/b.c.o"),
    Case("configure", "build", "in %build: configure: error: libnosuch is needed", "checking for f in -ln"),
    Case(
        "pkgconfig",
        "build",
        "in %build: configure: error: Package requirements (foo >= 2)",
        "Package 'foo', ",
    ),
    Case(
        "python",
        "build",
        "in %build: ModuleNotFoundError: No module named",
        '  File "/builddir/build/BUILD/s',
    ),
    Case("pysyntax", "build", "in %build: SyntaxError: invalid syntax", "    def f(:"),
    Case("go", "build", "in %build: ./main.go:4:2: undefined: undefinedThing", "# x"),
    Case("rust", "build", "in %build: error[E0308]: mismatched types", " --> m.rs:2:18"),
    Case("java", "build", "in %build: A.java:2: error: cannot find symbol", "  symbol:   method g()"),
    Case("perl", "build", "in %build: Can't locate No/Such/Module.pm in @INC", "BEGIN failed--compilation"),
    Case("patch", "build", "in %prep: Hunk #1 FAILED at 1.", "patching file f.txt"),
    Case(
        "badtar", "build", "in %prep: /bin/tar: This does not look like a tar archive", "gzip: stdin: not in"
    ),
    Case(
        "missingsource",
        "build",
        "in %prep: error: File /builddir/build/SOURCES/nowhere.tar.gz",
        "error: File",
    ),
    Case("buildreqs", "build", "in %generate_buildrequires: ", "no-such-generator: not found"),
    Case(
        "command", "build", "in %build: /var/tmp/rpm-tmp.dHgoXD: 28: no-such-tool: not found", "no-such-tool"
    ),
    Case(
        "install", "build", "in %install: install: cannot stat 'prog'", "install: cannot stat 'prog': No such"
    ),
    Case("exit", "build", "in %build: the command failed and did not say why: false", "all is well so far"),
    Case("pytest", "check", "in %check: FAILED t/test_sums.py::test_add - assert 0 == 4", "E       assert 0"),
    Case("unittest", "check", "in %check: FAIL: test_a (test_x.T.test_a)", "AssertionError: 1 != 2"),
    Case("ctest", "check", "in %check: The following tests FAILED: 2 - wrong (Failed)", "2/2 Test #2: wrong"),
    Case("automake", "check", "in %check: FAIL: bad.sh", "FAIL: bad.sh"),
    Case("tap", "check", "in %check: not ok 2 - adds", "#     expected: '3'"),
    Case("unknowntag", "spec", "error: line 6: Unknown tag: Colour: blue", "error: line 6"),
    Case(
        "badif",
        "spec",
        "error: /builddir/build/SPECS/badif.spec:6: bad %if condition",
        "error: unexpected end",
    ),
    Case("errormacro", "spec", "error: no flavour has been chosen for these", "error: no flavour"),
    Case("exclusivearch", "spec", "error: Architecture is not included: x86_64", "error: Architecture is"),
    Case("exclusivearch-4.20", "spec", "error: Architecture is not included: x86_64", "error: Arch"),
    Case("latin1", "spec", "error: Package umlaut: invalid utf-8 encoding in Changelogname", "Changelogtext"),
    Case(
        "unpackaged", "spec", "error: Installed (but unpackaged) file(s) found: /usr/bin/left-over", "error: "
    ),
    Case(
        "notfound", "spec", "error: File not found: /builddir/build/BUILDROOT/nf-1-1", "error: File not found"
    ),
    Case("oom", "memory", "in %build: make: *** [Makefile:2: all] Killed", "sh ./cc.sh"),
    Case(
        "badalloc",
        "memory",
        "in %build: terminate called after throwing an instance of 'std::bad_",
        "Aborted",
    ),
    Case(
        "nospacegcc",
        "disk",
        "in %build: /tmp/cc84RKNF.s: Fatal error: can't write 11 bytes",
        "/dev/full: No ",
    ),
]
