"""What a machine can build for: its own arch, and as mock its 32-bit sibling, by setting the personality."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import koji

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.errors import BuildrootError

_SIBLINGS = {"x86_64": "i386", "aarch64": "armhfp", "s390x": "s390", "ppc64": "ppc"}
"""Machine to the (koji-canonical) 32-bit arch that it runs natively."""
_EMULATORS = {"armhfp": "arm", "i386": "i386"}
"""Canonical arch to qemu's name for it, where that is another."""
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def is_sibling(config: BuildrootConfig, machine: str | None = None) -> bool:
    """Return whether the root is of the 32-bit arch that belongs to this machine."""
    return bool(_SIBLINGS.get(machine or platform.machine()) == koji.canonArch(config.arch))


def personality(config: BuildrootConfig, machine: str | None = None) -> Sequence[str]:
    """Return what to put before a command so that uname and rpm see the root's arch."""
    return ["/usr/bin/setarch", config.target_arch] if is_sibling(config, machine) else []


def resolver_arch(config: BuildrootConfig, machine: str | None = None) -> str | None:
    """Return the arch that dnf has to be asked to install for, None for the machine's own."""
    return config.package_manager.forcearch or (config.target_arch if is_sibling(config, machine) else None)


def check_arch(arch: str, machine: str | None = None, registered: Path = _BINFMT) -> None:
    """Raise BuildrootError for an arch whose programs this machine cannot run.

    rpmbuild would label what it makes as anything: with ``--target aarch64`` x86_64 code becomes an aarch64
    package. An emulator counts that the kernel starts by itself, in containers too (binfmt_misc, flag F).
    """
    machine = machine or platform.machine()
    wanted = koji.canonArch(arch)
    if wanted in (koji.canonArch(machine), _SIBLINGS.get(machine)) or wanted.startswith(f"{machine}_v"):
        return
    if not _is_emulated(wanted, registered):
        raise BuildrootError(
            f"this {machine} machine cannot build for {arch}: use a builder of that arch, or register an "
            f"emulator for it (qemu-user-static)"
        )


def _is_emulated(arch: str, registered: Path) -> bool:
    try:
        lines = (registered / f"qemu-{_EMULATORS.get(arch, arch)}").read_text().splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags:")), "")
    return "enabled" in lines and "F" in flags
