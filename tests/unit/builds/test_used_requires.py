"""Which BuildRequires are said to be used."""

from __future__ import annotations

from koji_adjutant.builds.used_requires import read_installed, report

LISTED = """\
F\tgcc-12-1.x86_64\t/usr/bin/gcc
P\tgcc-12-1.x86_64\tgcc
F\tzlib-devel-1-1.x86_64\t/usr/include/zlib.h
P\tzlib-devel-1-1.x86_64\tzlib-devel
P\tzlib-devel-1-1.x86_64\tpkgconfig(zlib)
R\tzlib-devel-1-1.x86_64\tzlib
F\tzlib-1-1.x86_64\t/lib64/libz.so.1
P\tzlib-1-1.x86_64\tzlib
P\tstack-1-1.noarch\tstack
R\tstack-1-1.noarch\tzlib-devel
R\tstack-1-1.noarch\tstack
F\tdoxygen-1-1.x86_64\t/bin/doxygen
P\tdoxygen-1-1.x86_64\tdoxygen
R\tdoxygen-1-1.x86_64\tlibc.so.6()(64bit)
P\tglibc-2-1.x86_64\tlibc.so.6()(64bit)
F\tglibc-2-1.x86_64\t/usr/lib64/libc.so.6
F\tnothing of ours
"""
BASE = {"gcc-12-1.x86_64", "glibc-2-1.x86_64"}


def said(wanted: list[str], opened: set[str]) -> list[str]:
    return list(report(wanted, read_installed(LISTED), BASE, opened))


def test_what_was_opened_and_what_was_not() -> None:
    everybodys = {"/usr/bin/gcc", "/usr/lib64/libc.so.6"}
    assert said(["doxygen", "gcc", "zlib-devel"], {*everybodys, "/usr/include/zlib.h"}) == [
        "not opened       doxygen  (doxygen-1-1.x86_64)",
        "opened           zlib-devel  (zlib-devel-1-1.x86_64)",
        "in each build    gcc  (gcc-12-1.x86_64)",
    ]


def test_by_whatever_name_it_is_wanted() -> None:
    assert said(["pkgconfig(zlib)", "/bin/doxygen"], {"/usr/bin/doxygen"}) == [
        "not opened       pkgconfig(zlib)  (zlib-devel-1-1.x86_64)",
        "opened           /bin/doxygen  (doxygen-1-1.x86_64)",
    ]


def test_a_package_that_only_brings_others() -> None:
    """Packages without files of their own, and those whose library alone is opened, by a link of theirs."""
    assert said(["stack"], {"/usr/include/zlib.h"}) == ["only through     stack  (zlib-devel-1-1.x86_64)"]
    assert said(["zlib-devel"], {"/usr/lib64/libz.so.1"}) == [
        "only through     zlib-devel  (zlib-1-1.x86_64)"
    ]
    assert said(["stack"], set()) == ["not opened       stack  (stack-1-1.noarch)"]


def test_where_sbin_is_a_link() -> None:
    listed = read_installed("F\tcron-1-1.x86_64\t/sbin/crond\nP\tcron-1-1.x86_64\tcron\n")
    for path in ("/usr/sbin/crond", "/usr/bin/crond"):
        assert list(report(["cron"], listed, set(), {path})) == ["opened           cron  (cron-1-1.x86_64)"]


def test_what_nobody_provides() -> None:
    assert said(["gone"], set()) == ["not installed    gone"]
