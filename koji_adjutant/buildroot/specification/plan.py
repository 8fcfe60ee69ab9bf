"""What is wanted in a root, and what the resolver says has to be done for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from koji_adjutant.buildroot.repository.locations import joined


@dataclass(frozen=True)
class Wanted:
    """What is to be in the root: comps groups, packages by name or provide, and requirements.

    A requirement is a dependency as rpm writes it: ``gcc >= 9``, ``/bin/sh``, ``(a or b)``.
    """

    groups: Sequence[str] = ()
    packages: Sequence[str] = ()
    requires: Sequence[str] = ()

    def words(self) -> frozenset[str]:
        """Return all that it names, to be compared and shown; groups with an @, as dnf takes them."""
        return frozenset([*(f"@{group}" for group in self.groups), *self.packages, *self.requires])


@dataclass(frozen=True)
class PackageFile:
    """An RPM file of a repository.

    ``checksum`` is ``kind:value``, ``size`` in bytes; ``location`` is relative to ``base`` where the
    repository names one (packages of external repositories), else to the repository.
    """

    nevra: str
    checksum: str
    size: int
    repository: str
    location: str
    base: str | None = None

    def urls(self, repository_urls: Sequence[str]) -> list[str]:
        """Return where the file is available, best first; a relative ``base`` is in the repository."""
        if self.base is None:
            bases: Sequence[str] = repository_urls
        elif urlsplit(self.base).scheme or self.base.startswith("/"):
            bases = [self.base]
        else:
            bases = [joined(url, self.base) for url in repository_urls]
        return [joined(base, self.location) for base in bases]


@dataclass(frozen=True)
class Plan:
    """What changes a root into what is wanted; ``erase`` are NEVRAs. Both are sorted."""

    install: tuple[PackageFile, ...] = ()
    erase: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.install or self.erase)

    def as_json(self) -> dict[str, Any]:
        return {"install": [asdict(package) for package in self.install], "erase": list(self.erase)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Plan:
        install = (PackageFile(**package) for package in document["install"])
        return cls(tuple(install), tuple(document["erase"]))
