"""Where the packages of a buildroot may come from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.errors import BuildrootError


@dataclass(frozen=True)
class PackageSources:
    """Where packages may come from.

    ``locations`` has each repository's URLs, the first that is to be tried first; ``local`` are the
    directories of this machine that repositories are in. ``offline``: nothing is available but from there.
    """

    locations: Mapping[str, Sequence[str]]
    local: Sequence[Path] = ()
    proxy: str | None = None
    offline: bool = False

    def check(self, packages: Sequence[PackageFile]) -> None:
        """Raise BuildrootError if a package is to come from a file of this machine that is in no repository.

        Metadata can name any place.
        """
        for package in packages:
            for place in self._all(package):
                self._check(place)

    def has(self, package: PackageFile) -> bool:
        """Return whether a local directory has the package."""
        files = [urlsplit(place) for place in self._all(package)]
        return any(file.scheme == "file" and Path(unquote(file.path)).is_file() for file in files)

    def _all(self, package: PackageFile) -> Sequence[str]:
        return package.urls(self.locations.get(package.repository, ()))

    def _check(self, place: str) -> None:
        parts = urlsplit(place)
        if parts.scheme in {"http", "https"}:
            return
        path = Path(os.path.normpath(unquote(parts.path)))
        if parts.scheme != "file" or not any(path.is_relative_to(local) for local in self.local):
            raise BuildrootError(
                f"the repository's metadata names a place that packages must not come from: {place}"
            )
