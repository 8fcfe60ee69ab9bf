"""Debian's control data as RPM needs it."""

from __future__ import annotations

import pytest

from tests.distribution import debian

PARAGRAPH = """\
Package: hello
Version: 1:2.0-3-4+b1
Architecture: amd64
Pre-Depends: libc6 (>= 2.34)
Depends: a (>> 1.0) | b, python3:any, c (<< 2~), d (= 1.2-3)
Provides: greeter, hello-abi (= 2)
Size: 1234
SHA256: abc
Homepage: https://example.org/
Description: greets
 at length
"""


@pytest.mark.parametrize(
    ("text", "epoch", "version", "release", "shown"),
    [
        ("2.36-9+deb12u1", 0, "2.36", "9+deb12u1", "2.36-9+deb12u1"),
        ("1:2.0-3-4", 1, "2.0.3", "4", "1:2.0.3-4"),
        ("20250419~deb12u2", 0, "20250419~deb12u2", "", "20250419~deb12u2"),
    ],
)
def test_version_has_rpms_three_parts(text: str, epoch: int, version: str, release: str, shown: str) -> None:
    parsed = debian.Version.parse(text)
    assert (parsed.epoch, parsed.version, parsed.release) == (epoch, version, release)
    assert parsed.text == shown


def test_package_from_a_paragraph() -> None:
    (fields,) = debian.paragraphs(PARAGRAPH)
    package = debian.package(fields)
    assert package.name == "hello"
    assert package.version.text == "1:2.0.3-4+b1"
    assert package.deb_name == "hello_1%3a2.0-3-4+b1_amd64.deb"
    assert package.rpm_arch == "x86_64"
    assert package.summary == "greets"
    texts = [[relation.text for relation in alternatives] for alternatives in package.depends]
    assert texts == [["libc6 >= 2.34"], ["a >= 1.0", "b"], ["python3"], ["c"], ["d = 1.2-3"]]
    assert [relation.text for relation in package.provides] == ["greeter", "hello-abi = 2"]


def test_paragraphs_are_separated_by_empty_lines() -> None:
    found = list(debian.paragraphs("Package: a\nDepends: b,\n c\n\nPackage: d\n\n\n"))
    assert found == [{"Package": "a", "Depends": "b,\nc"}, {"Package": "d"}]


def test_unreadable_dependency_is_named() -> None:
    with pytest.raises(ValueError, match=r"'\(>= 1\)'"):
        debian.relations("(>= 1)")
