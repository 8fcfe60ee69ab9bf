"""What a buildroot is made of: repositories, package manager options, macros and environment.

The facts come from ``koji.genMockConfig`` and kojid's ``BuildRoot``; a unit test executes genMockConfig's
output and compares it with what is rendered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.container.interface import VolumeMount

CHROOT_HOME = "/builddir"
TOPDIR = f"{CHROOT_HOME}/build"
"""Where rpmbuild works inside the root; a tag cannot change it."""


@dataclass(frozen=True)
class TagOptions:
    """What a builder's own configuration (kojid.conf) adds to a tag's: names are kojid's."""

    topurls: Sequence[str] = ()
    topdir: Path = Path("/mnt/koji")
    vendor: str = "Koji"
    packager: str = "Koji"
    distribution: str = "Koji"
    mockhost: str = "koji-linux-gnu"
    yum_proxy: str | None = None
    rpmbuild_timeout: int = 86400


@dataclass(frozen=True)
class PackageManagerOptions:
    """Options of dnf that a tag's extra may set (``mock.*``); None is dnf's default."""

    best: bool | None = None
    module_hotfixes: bool = False
    releasever: str | None = None
    proxy: str | None = None
    forcearch: str | None = None
    module_setup_commands: Sequence[tuple[str, str]] = ()
    package_manager: str | None = None


@dataclass(frozen=True)
class BuildrootConfig:
    """Everything that decides what is in a buildroot and how commands run in it.

    ``arch`` is the repository's (``koji.canonArch``), ``target_arch`` what rpmbuild calls the host CPU.
    ``network`` is True only where koji sets up DNS: SRPMs from SCM, and runroot.
    ``rpmbuild_timeout`` is in seconds and limits each single rpmbuild, as in mock.
    """

    name: str
    repo_urls: Sequence[str]
    arch: str
    target_arch: str
    group: str
    network: bool
    macros: Mapping[str, str]
    environment: Mapping[str, str]
    rpmbuild_timeout: int
    package_manager: PackageManagerOptions = PackageManagerOptions()
    repo_mounts: Sequence[VolumeMount] = field(default=())
    """Host directories that ``file://`` repositories live in, for the tool container, read-only."""


def for_tag(
    tag: Mapping[str, Any],
    repo_id: int,
    arch: str,
    group: str,
    *,
    buildroot_id: int,
    options: TagOptions,
    network: bool,
) -> BuildrootConfig:
    """A tag's buildroot as kojid would configure it.

    ``tag`` is ``getBuildConfig``'s answer at the repo's create event; ``arch`` the arch to build on (a
    noarch task's must have been chosen already).
    """
    raise NotImplementedError


def for_repos(
    urls: Sequence[str], arch: str, group: str, *, network: bool, options: TagOptions
) -> BuildrootConfig:
    """A buildroot from plain repositories, with no hub; a local directory is a repository too."""
    raise NotImplementedError
