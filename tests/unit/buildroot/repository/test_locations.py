"""Addresses of files in repositories."""

from __future__ import annotations

import pytest

from koji_adjutant.buildroot.repository.locations import joined
from koji_adjutant.buildroot.specification.plan import PackageFile


@pytest.mark.parametrize(
    ("repository", "name", "address"),
    [
        ("http://host/r", "a.rpm", "http://host/r/a.rpm"),
        ("http://host/r/", "/a.rpm", "http://host/r/a.rpm"),
        ("http://host/r", "p/a++-1~rc1^git1.rpm", "http://host/r/p/a%2B%2B-1~rc1%5Egit1.rpm"),
        ("http://host/r", "50%#1?.rpm", "http://host/r/50%25%231%3F.rpm"),
        ("http://host/a+b/%20c", "a.rpm", "http://host/a+b/%20c/a.rpm"),
        ("https://host/r?token=a/b", "a.rpm", "https://host/r/a.rpm?token=a/b"),
        ("file:///srv/r", "a%41+.rpm", "file:///srv/r/a%2541%2B.rpm"),
        ("/srv/a b", "a%+.rpm", "/srv/a b/a%+.rpm"),
    ],
)
def test_joined(repository: str, name: str, address: str) -> None:
    assert joined(repository, name) == address


@pytest.mark.parametrize(
    ("base", "addresses"),
    [
        (None, ["http://one/r/a.rpm", "http://two/r/a.rpm"]),
        ("http://other/x/", ["http://other/x/a.rpm"]),
        ("../Packages", ["http://one/r/../Packages/a.rpm", "http://two/r/../Packages/a.rpm"]),
        ("Packages/", ["http://one/r/Packages/a.rpm", "http://two/r/Packages/a.rpm"]),
    ],
)
def test_a_base_may_be_an_address_or_a_place_in_the_repository(
    base: str | None, addresses: list[str]
) -> None:
    package = PackageFile("a-1-1.noarch", "sha256:0", 1, "build", "a.rpm", base)
    assert package.urls(["http://one/r", "http://two/r/"]) == addresses
