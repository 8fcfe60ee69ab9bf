"""32-bit builds on 64-bit machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.specification.allowances import allowances
from koji_adjutant.buildroot.specification.arch import check_arch, personality, resolver_arch
from koji_adjutant.buildroot.specification.config import PackageManagerOptions, TagOptions, for_tag
from koji_adjutant.errors import BuildrootError


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


@pytest.mark.parametrize(
    ("machine", "arch"),
    [
        ("x86_64", "x86_64"),
        ("x86_64", "x86_64_v2"),
        ("x86_64", "ia32e"),
        ("x86_64", "i686"),
        ("aarch64", "aarch64"),
        ("aarch64", "armv7hl"),
        ("ppc64le", "ppc64le"),
    ],
)
def test_what_a_machine_runs_it_builds_for(tmp_path: Path, machine: str, arch: str) -> None:
    check_arch(arch, machine, tmp_path)


@pytest.mark.parametrize("arch", ["aarch64", "nonsense", "x86_64x", "noarch", "src", "../x"])
def test_anything_else_is_refused(tmp_path: Path, arch: str) -> None:
    with pytest.raises(BuildrootError, match=rf"this x86_64 machine cannot build for {arch}: use a builder"):
        check_arch(arch, "x86_64", tmp_path)


@pytest.mark.parametrize(
    ("emulator", "arch", "state", "flags", "works"),
    [
        ("qemu-aarch64", "aarch64", "enabled", "OCF", True),
        ("qemu-arm", "armv7hl", "enabled", "F", True),
        ("qemu-aarch64", "aarch64", "disabled", "F", False),
        ("qemu-aarch64", "aarch64", "enabled", "OC", False),
        ("qemu-s390x", "aarch64", "enabled", "F", False),
    ],
)
def test_an_emulator_that_containers_have_too(
    tmp_path: Path, emulator: str, arch: str, state: str, flags: str, works: bool
) -> None:
    (tmp_path / emulator).write_text(f"{state}\ninterpreter /usr/bin/{emulator}\nflags: {flags}\noffset 0\n")
    if works:
        check_arch(arch, "x86_64", tmp_path)
    else:
        with pytest.raises(BuildrootError, match="register an emulator"):
            check_arch(arch, "x86_64", tmp_path)


@pytest.mark.parametrize(("arch", "expected"), [("x86_64", set()), ("i686", {"socketcall"})])
def test_a_32_bit_libc_gets_its_sockets(arch: str, expected: set[str]) -> None:
    tag = {"name": "t", "extra": {}}
    config = for_tag(tag, 1, arch, "build", buildroot_id=1, options=TagOptions(), network=False)
    assert allowances(config, "x86_64") == expected
    assert allowances(replace(config, user_namespaces=True), "x86_64") == {*expected, "user-namespaces"}
