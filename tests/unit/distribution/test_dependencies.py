"""Which RPM dependencies a Debian package gets."""

from __future__ import annotations

import pytest

from tests.distribution import debian, dependencies
from tests.distribution.run import DistributionError


def package(name: str, depends: str = "", provides: str = "", version: str = "1.0-1") -> debian.Package:
    fields = {"Package": name, "Version": version, "Architecture": "all", "SHA256": "0", "Size": "0"}
    return debian.package({**fields, "Depends": depends, "Provides": provides})


def resolver(*packages: debian.Package) -> dependencies.Resolver:
    return dependencies.Resolver({one.name: one for one in packages})


def requires(wanted: debian.Package, *others: debian.Package) -> list[str]:
    return [relation.text for relation in resolver(wanted, *others).requires(wanted)]


def test_first_alternative_that_is_there_is_taken() -> None:
    assert requires(package("a", "x | y (>= 1) | z"), package("z"), package("y")) == ["y >= 1"]


def test_virtual_packages_count_as_there() -> None:
    assert requires(package("a", "mail-agent"), package("b", provides="mail-agent")) == ["mail-agent"]


def test_what_serves_maintainer_scripts_is_dropped() -> None:
    assert requires(package("a", "debconf (>= 0.5) | debconf-2.0, b"), package("b"), package("debconf")) == [
        "b"
    ]


def test_one_package_can_do_without_what_others_need() -> None:
    python = package("python3")
    assert requires(package("rpm", "python3:any, b"), python, package("b")) == ["b"]
    assert requires(package("a", "python3"), python) == ["python3"]


def test_a_hole_in_the_closure_is_an_error() -> None:
    with pytest.raises(DistributionError, match=r"a needs x \| y, which apt left out"):
        requires(package("a", "x | y"))


def test_only_what_is_needed_is_reached() -> None:
    found = resolver(
        package("a", "agent, debconf"),
        package("b", "c", provides="agent"),
        package("c", "a"),
        package("debconf", "perl"),
        package("perl"),
    ).reachable(["a"])
    assert list(found) == ["a", "b", "c"]


def test_development_packages_have_fedoras_names_too() -> None:
    assert dependencies.provides(package("libyaml-dev", provides="yaml-api")) == (
        "libyaml-devel = 1.0-1",
        "yaml-api",
        "yaml-devel = 1.0-1",
    )


def test_names_from_the_table_carry_versions_where_they_can() -> None:
    assert dependencies.provides(package("bash")) == ("/bin/bash", "/bin/sh")
    assert dependencies.provides(package("python3", version="3.11.2-1+b1")) == ("python(abi) = 3.11",)
    assert dependencies.provides(package("zlib1g-dev", version="1:1.2-1")) == (
        "zlib-devel = 1:1.2-1",
        "zlib1g-devel = 1:1.2-1",
    )
