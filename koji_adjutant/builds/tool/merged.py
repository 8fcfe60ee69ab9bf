"""Whether a merged repository has what it was merged from, whatever mergerepo_c says.

mergerepo_c leaves packages out for reasons, by the mode of the merge:

koji    of each source package only one build: from the first repository that has any package of it, there
        the newest; nothing of a blocked source package; of one name-version-release.arch the first
simple  nothing of a blocked source package
bare    of one name-version-release.arch the first

and in all of them packages of other architectures, and those whose checksum another package of the same
repository has as well. A package that is missing for none of these reasons is an error. Which build is the
newest is not compared: all packages of one build must be there.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import repository

NAMED = 5
"""Missing packages in a message."""

COMPATIBLE = {
    "i386": ("i486", "i586", "i686", "athlon", "geode"),
    "armhfp": ("armv7hl", "armv7hnl"),
}
"""Packages for Koji's arches that have other names. What mergerepo_c takes beside (multilib) is seen in what
it has taken."""

_SOURCE = re.compile(r"([^/:]+)-[^-/:]+-[^-/:]+\.[^-./:]+\.rpm")
_PACKAGE = b"<package type="


@dataclass(frozen=True)
class Order:
    """How mergerepo_c was run: ``mode`` is koji, simple or bare."""

    mode: str
    arch: str
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Defect:
    """What is wrong with a merged repository.

    ``url`` is the repository whose packages are missing, None if something else is wrong.
    """

    reason: str
    url: str | None = None


def problem_with(
    repodata: Path, sources: Sequence[repository.RepositoryContents], order: Order
) -> Defect | None:
    """Return what is wrong with the result of merging ``sources``, None if nothing is.

    They are given in mergerepo_c's order, which decides what it takes from each.
    """
    try:
        index = (repodata / "repomd.xml").read_bytes()
        named = repository.records(index, str(repodata.parent))
        origins = _origins(Path(named["origin"].location))
        count = _count(Path(named["primary"].location))
    except (OSError, EOFError, KeyError, ValueError, repository.UnreadableError) as error:
        return Defect(f"mergerepo_c has made no repository: {error!r}")
    # with --simple a second package of the same name, version, release and arch is in no list of origins
    if count < len(origins) or (count > len(origins) and order.mode != "simple"):
        return Defect(f"mergerepo_c has written {count} packages, and the origins of {len(origins)}")
    return _missing(set(origins), sources, order)


def _origins(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.split("\t")[0] for line in file if "\t" in line]


def _count(primary: Path) -> int:
    """Return the number of packages in a primary.xml.

    It is mergerepo_c's own: no other ``<`` than those of elements is in it.
    """
    count, tail = 0, b""
    with repository.decompressed(primary) as file:
        while chunk := file.read(repository.CHUNK):
            count += (tail + chunk).count(_PACKAGE)
            tail = (tail + chunk)[-(len(_PACKAGE) - 1) :]
    return count


def _missing(
    present: Set[str], sources: Sequence[repository.RepositoryContents], order: Order
) -> Defect | None:
    arches = {order.arch, "noarch", *COMPATIBLE.get(order.arch, ()), *map(_arch, present)}
    builds = _Builds(sources)
    for number, source in enumerate(sources):
        checksums = Counter(package.checksum for package in source.packages)
        missing = [
            package
            for package in source.packages
            if package.nvra not in present
            and package.arch in arches
            and checksums[package.checksum] == 1
            and not _is_left_out(package, order)
        ]
        if order.mode == "koji":
            missing = builds.unexplained(number, missing)
        if missing:
            return Defect(_sentence(missing, len(source.packages)), source.url)
    return None


def _is_left_out(package: repository.Package, order: Order) -> bool:
    if not package.sourcerpm:  # nobody knows what it is built from, so it is in
        return False
    source = source_name(package.sourcerpm)
    return source is None or source in order.blocked


class _Builds:
    """For mode koji: which builds could be the one of their source package that is taken."""

    def __init__(self, sources: Iterable[repository.RepositoryContents]) -> None:
        self._first: dict[str, int] = {}
        self._candidates: dict[str, set[str]] = defaultdict(set)
        for number, repo in enumerate(sources):
            for sourcerpm in {package.sourcerpm for package in repo.packages}:
                name = source_name(sourcerpm)
                if name is not None and self._first.setdefault(name, number) == number:
                    self._candidates[name].add(sourcerpm)

    def unexplained(self, number: int, missing: Iterable[repository.Package]) -> list[repository.Package]:
        """Return those of the missing packages that no other build of their source package stands for."""
        incomplete = {package.sourcerpm for package in missing}
        return [package for package in missing if not self._is_superseded(number, package, incomplete)]

    def _is_superseded(self, number: int, package: repository.Package, incomplete: Set[str]) -> bool:
        name = source_name(package.sourcerpm)
        if name is None:
            return False
        if self._first[name] == number:
            return bool(self._candidates[name] - incomplete)
        return self._candidates[name] != {package.sourcerpm}


@cache
def source_name(sourcerpm: str) -> str | None:
    """Return the name of a source package from its file name; None for what is no such name."""
    match = _SOURCE.fullmatch(sourcerpm)
    return match and match[1]


def _arch(nvra: str) -> str:
    return nvra.rpartition(".")[2]


def _sentence(missing: Sequence[repository.Package], count: int) -> str:
    named = [package.nvra for package in missing[:NAMED]] + ["…"] * (len(missing) > NAMED)
    return (
        f"{len(missing)} of its {count} packages are neither in the merged repository nor left out for a "
        f"reason: {', '.join(named)}"
    )
