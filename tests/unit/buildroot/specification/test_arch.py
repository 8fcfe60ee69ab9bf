"""32-bit builds on 64-bit machines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from koji_adjutant.buildroot.specification.arch import personality, resolver_arch
from koji_adjutant.buildroot.specification.config import PackageManagerOptions, TagOptions, for_tag


@pytest.mark.parametrize(
    ("machine", "arch", "expected"),
    [
        ("x86_64", "x86_64", None),
        ("x86_64", "i686", "i686"),
        ("x86_64", "i386", "i386"),
        ("x86_64", "aarch64", None),
        ("aarch64", "armhfp", "armv7hl"),
        ("s390x", "s390x", None),
    ],
)
def test_siblings(machine: str, arch: str, expected: str | None) -> None:
    tag = {"name": "t", "extra": {}}
    config = for_tag(tag, 1, arch, "build", buildroot_id=1, options=TagOptions(), network=False)
    assert personality(config, machine) == (["/usr/bin/setarch", expected] if expected else [])
    assert resolver_arch(config, machine) == expected


def test_forcearch_is_what_dnf_gets() -> None:
    tag = {"name": "t", "extra": {}}
    config = for_tag(tag, 1, "riscv64", "build", buildroot_id=1, options=TagOptions(), network=False)
    forced = replace(config, package_manager=PackageManagerOptions(forcearch="riscv64"))
    assert resolver_arch(forced, "x86_64") == "riscv64"
    assert personality(forced, "x86_64") == []
