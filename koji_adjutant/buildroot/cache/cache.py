"""Everything that this machine keeps so that the next buildroot costs less."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from koji_adjutant.buildroot.cache.answers import AnswerCache
from koji_adjutant.buildroot.cache.downloads import PackageCache
from koji_adjutant.buildroot.cache.quarantine import DamagedEntry, Quarantine
from koji_adjutant.buildroot.cache.store import QUARANTINE, RootStore

PACKAGES_SHARE = 4
"""Downloaded packages may have one part of the cache's size in so many: they are of use only for what is
new."""


ROOTS = "roots"
"""Where below the state directory the store is."""


def damaged_entries(state_dir: Path) -> Sequence[DamagedEntry]:
    """Return what is in quarantine, for whoever only looks; nothing for who may not."""
    try:
        return Quarantine(state_dir / ROOTS / QUARANTINE).entries()
    except PermissionError:
        return ()


class Cache:
    """The parts of the cache, below the worker's state directory; each says itself what holds for it.

    ``store`` has layers of roots, and repositories' metadata; ``answers`` the resolver's answers;
    ``packages`` RPM files.
    """

    def __init__(self, state_dir: Path) -> None:
        self.store = RootStore(state_dir / ROOTS)
        self.answers = AnswerCache(state_dir / "answers")
        self.packages = PackageCache(state_dir / "packages")

    def size(self) -> int:
        """Return the bytes on disk of layers, metadata and packages."""
        return self.store.size()[1] + self.packages.size()[1]

    def tidy(self, limit: int) -> None:
        """Keep within ``limit`` bytes, and delete what is left over; slow, so call it when nothing waits."""
        packages = limit // PACKAGES_SHARE
        self.packages.evict(packages)
        self.store.evict(limit - min(packages, self.packages.size()[1]))
        self.store.sweep()
        self.answers.prune()
