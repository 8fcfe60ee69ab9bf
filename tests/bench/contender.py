"""Who is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tests.bench.packages import SourcePackage

CONTENDERS = {
    "chroot": "bare chroot: unpack and build in the finished root, nothing around it",
    "cold": "ours, with an empty cache: everything is downloaded, installed and composed",
    "base": "ours, with the base root in the cache, on which it has never been built",
    "all": "ours, after the same build was done once",
    "mock": "kojid's three calls of mock, with koji.genMockConfig's configuration",
}
"""In the order of tables and pictures."""


@dataclass(frozen=True)
class Build:
    """One build, in seconds; None where a contender has no such moment.

    ``ready`` is when commands could run in the root, ``first_line`` when the build proper began to say
    something, both from the request on; ``packages`` are the binary RPMs that were built, by name.
    """

    seconds: float
    ready: float | None
    first_line: float | None
    phases: Mapping[str, float]
    packages: tuple[str, ...]


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    def prepare(self, package: SourcePackage) -> None:
        """Whatever has to be there before the clock starts."""
        ...

    def build(self, package: SourcePackage) -> Build: ...


class OneOfSeveral(Contender, Protocol):
    """Whose builds are measured several at once, too."""

    def apart(self, package: SourcePackage) -> Contender:
        """Return who does one of them, with all that it has for itself; for one that is prepared."""
        ...
