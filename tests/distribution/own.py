"""The packages that have no Debian original: filesystem, the release with its macros, rpm-build."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.distribution import seeds
from tests.distribution.debian import Version
from tests.distribution.layout import DIRECTORIES, LINKS, account_files
from tests.distribution.payload import Payload
from tests.distribution.recipe import Recipe

# dpkg's architecture -> the directory of its libraries below /usr/lib.
_MULTIARCH = {
    "amd64": "x86_64-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armhf": "arm-linux-gnueabihf",
    "i386": "i386-linux-gnu",
    "ppc64el": "powerpc64le-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
}

# /etc/rpm/macros.* is read after the platform's macros and before /etc/rpm/macros and ~/.rpmmacros.
_MACROS = r"""# Debian's rpm keeps its database in the caller's home; distributions made of RPMs do not.
%_dbpath /var/lib/rpm
%dist .demo1
# Debug packages, made and named as Fedora's redhat-rpm-config has it.
{install}%_enable_debug_packages 1
%_debugsource_packages 1
%_unique_build_ids 1
%_unique_debug_names 1
%_unique_debug_srcs 1
# Where this distribution's linker and loader look.
%_lib lib/{multiarch}
%_libdir %{{_prefix}}/lib/{multiarch}
"""

# What makes debug packages before rpm 4.20; later versions do so by themselves.
_INSTALL = r"""%install %{?_enable_debug_packages:%{?buildsubdir:%{debug_package}}}\
%%install\
%{nil}
"""
_BY_ITSELF = "rpm(debug-packages)"

# What Fedora's rpm-build brings, in Debian's names.
RPM_BUILD_REQUIRES = (
    "binutils",
    "bzip2",
    "cpio",
    "debugedit",
    "diffutils",
    "elfutils",
    "file",
    "findutils",
    "grep",
    "gzip",
    "make",
    "mawk",
    "patch",
    "rpm",
    "sed",
    "tar",
    "unzip",
    "xz-utils",
)


def recipes(architecture: str, rpm_version: str, rpm_arch: str) -> list[Recipe]:
    """The three packages; ``architecture`` is dpkg's, ``rpm_version`` that of the distribution's rpm."""
    one = Version(0, "1", "1")
    return [
        Recipe(
            seeds.FILESYSTEM,
            one,
            rpm_arch,
            "The directories, links and accounts everything else is installed on",
            license="Public Domain",
            provides=tuple(f"/{name}" for name in LINKS if "/" not in name),
        ),
        Recipe(
            seeds.RELEASE,
            one,
            rpm_arch,
            "RPM macros of the demo distribution",
            license="LGPL-2.1-or-later",
            provides=(
                "system-release",
                "redhat-rpm-config",
                f"multiarch({_MULTIARCH[architecture]})",
                *([_BY_ITSELF] if makes_debug_packages(rpm_version) else []),
            ),
        ),
        Recipe(
            seeds.RPM_BUILD,
            Version(0, rpm_version, "1"),
            rpm_arch,
            "What is needed to build RPMs",
            license="LGPL-2.1-or-later",
            requires=RPM_BUILD_REQUIRES,
        ),
    ]


def makes_debug_packages(rpm_version: str) -> bool:
    """Whether this version of rpm describes the debug packages without a macro's help."""
    return tuple(int(part) for part in rpm_version.split(".")[:2]) >= (4, 20)


def fill(recipe: Recipe, payload: Payload) -> None:
    """Write the files of one of ``recipes``."""
    _FILL[recipe.name](recipe, payload)


def _filesystem(_recipe: Recipe, payload: Payload) -> None:
    for name, mode in DIRECTORIES.items():
        payload.add_directory(name, mode)
    for name, target in LINKS.items():
        payload.add_link(name, target)
    for name, (content, mode, group) in account_files().items():
        payload.add_file(name, content, mark=f"%config(noreplace) %attr({mode:04o},root,{group}) ")


def _release(recipe: Recipe, payload: Payload) -> None:
    multiarch = next(item for item in recipe.provides if item.startswith("multiarch("))[10:-1]
    install = "" if _BY_ITSELF in recipe.provides else _INSTALL
    payload.add_file("etc/rpm/macros.adjutant-demo", _MACROS.format(multiarch=multiarch, install=install))
    payload.add_file("etc/system-release", "Koji-Adjutant demo distribution\n")


def _nothing(_recipe: Recipe, _payload: Payload) -> None:
    """rpm-build is its requirements."""


_FILL: Mapping[str, Callable[[Recipe, Payload], None]] = {
    seeds.FILESYSTEM: _filesystem,
    seeds.RELEASE: _release,
    seeds.RPM_BUILD: _nothing,
}
