"""What buildroots are made from: the tests' own distribution, and two with more in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.distribution import seeds
from tests.distribution.build import build

# With these, @build is what a distribution's larger packages ask for: over 400 packages, over 2 GB.
_LARGE = (
    "clang-14",
    "cmake",
    "golang-1.19-go",
    "libgtk-3-dev",
    "llvm-14-dev",
    "openjdk-17-jdk-headless",
)

LIBRARIES = (
    "zlib1g",
    "libssl",
    "libbz2",
    "liblzma",
    "libzstd",
    "liblz4",
    "libexpat1",
    "libffi",
    "libgmp",
    "libpcre2",
    "libyaml",
    "libxml2",
    "libsqlite3",
    "libreadline",
    "libncurses",
    "libglib2.0",
    "libdbus-1",
    "libevent",
    "libusb-1.0-0",
    "libpng",
    "libjpeg",
    "libtiff",
    "libfreetype",
    "libfontconfig",
    "libx11",
    "libxext",
    "libxrender",
    "libcairo2",
    "libpango1.0",
    "libgdk-pixbuf-2.0",
    "libgnutls28",
    "libgcrypt20",
    "libarchive",
    "libacl1",
    "libattr1",
    "libcap",
    "libcurl4-openssl",
    "libasound2",
    "libpopt",
    "libedit",
)
"""What Debian's development packages are called, without -dev."""


@dataclass(frozen=True)
class Distribution:
    """``name`` is what results are filed under: ``test`` or ``large``."""

    name: str
    repo: Path


def usual(state: Path, say: Callable[[str], None]) -> Distribution:
    """The test distribution, shared with the tests."""
    return Distribution("test", build(state / "distribution", say=say))


def mass(state: Path, say: Callable[[str], None]) -> Distribution:
    """The usual one, and what the packages of the mass rebuild require."""
    groups = {**seeds.GROUPS, "mass": tuple(f"{name}-dev" for name in LIBRARIES)}
    return Distribution("mass", build(state / "distribution-mass", groups=groups, say=say))


def large(state: Path, say: Callable[[str], None]) -> Distribution:
    """One whose group ``build`` is large; made once, in a place of its own."""
    groups = {"build": tuple(sorted({*seeds.BUILD, *_LARGE}))}
    return Distribution("large", build(state / "distribution-large", groups=groups, say=say))
