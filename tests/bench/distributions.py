"""The two distributions that buildroots are made from: the tests' own, and one several times as large."""

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


@dataclass(frozen=True)
class Distribution:
    """``name`` is what results are filed under: ``test`` or ``large``."""

    name: str
    repo: Path


def usual(state: Path, say: Callable[[str], None]) -> Distribution:
    """The test distribution, shared with the tests."""
    return Distribution("test", build(state / "distribution", say=say))


def large(state: Path, say: Callable[[str], None]) -> Distribution:
    """One whose group ``build`` is large; made once, in a place of its own."""
    groups = {"build": tuple(sorted({*seeds.BUILD, *_LARGE}))}
    return Distribution("large", build(state / "distribution-large", groups=groups, say=say))
