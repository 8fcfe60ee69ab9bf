"""From Debian's dependency fields to RPM's Requires and Provides, within one closed set of packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.distribution import seeds
from tests.distribution.debian import Package, Relation
from tests.distribution.run import DistributionError


class Resolver:
    """Chooses among alternatives by what is in ``packages``, the set apt would install."""

    def __init__(self, packages: Mapping[str, Package]) -> None:
        self._packages = packages
        self._providers: dict[str, list[str]] = {}
        for package in packages.values():
            for provided in package.provides:
                self._providers.setdefault(provided.name, []).append(package.name)

    def requires(self, package: Package) -> list[Relation]:
        """One relation for each dependency, but for those that only serve maintainer scripts."""
        chosen = (self._choose(package, alternatives) for alternatives in package.depends)
        return [relation for relation in chosen if relation is not None]

    def reachable(self, names: Iterable[str]) -> dict[str, Package]:
        """The packages that the named ones need once the dropped dependencies are gone, sorted by name."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            for relation in self.requires(self._packages[name]):
                in_set = relation.name in self._packages
                waiting += [relation.name] if in_set else self._providers[relation.name]
        return {name: self._packages[name] for name in sorted(found)}

    def _choose(self, package: Package, alternatives: tuple[Relation, ...]) -> Relation | None:
        dropped = seeds.DROPPED | seeds.DROPPED_FROM.get(package.name, frozenset())
        for relation in alternatives:
            known = relation.name in self._packages or relation.name in self._providers
            if known and relation.name not in dropped:
                return relation
        if any(relation.name in dropped for relation in alternatives):
            return None
        names = " | ".join(relation.name for relation in alternatives)
        raise DistributionError(
            f"{package.name} needs {names}, which apt left out: the closure is not closed"
        )


def provides(package: Package) -> tuple[str, ...]:
    """Debian's own Provides, and the names RPM packages know the package by."""
    series = ".".join(package.version.version.split(".")[:2])
    fedora = {
        item.format(version=package.version.version.partition("+")[0], series=series)
        for item in seeds.PROVIDES.get(package.name, ())
    }
    if package.name.endswith("-dev"):
        stem = package.name.removesuffix("-dev")
        fedora |= {f"{stem}-devel", f"{stem.removeprefix('lib')}-devel"}
    versioned = {
        item if item.startswith("/") or "(" in item else f"{item} = {package.version.text}" for item in fedora
    }
    return tuple(sorted({relation.text for relation in package.provides} | versioned))
