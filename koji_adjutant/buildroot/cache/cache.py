"""Everything that this machine keeps so that the next buildroot costs less."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from koji_adjutant.buildroot.cache.answers import AnswerCache
from koji_adjutant.buildroot.cache.downloads import PackageCache
from koji_adjutant.buildroot.cache.locks import locked
from koji_adjutant.buildroot.cache.quarantine import DamagedEntry, Quarantine
from koji_adjutant.buildroot.cache.store import PLACES, QUARANTINE, RootStore
from koji_adjutant.buildroot.cache.tidiness import Tidiness

PACKAGES_SHARE = 4
"""Downloaded packages may have one part of the cache's size in so many: they are of use only for what is
new."""


ROOTS, PACKAGES = "roots", "packages"
"""Where below the state directory the store is, and where downloaded packages are."""


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
        self.packages = PackageCache(state_dir / PACKAGES)
        self._copying = state_dir / "copying.lock"
        self._tidied = state_dir / "tidied.json"
        self._places = [*(state_dir / ROOTS / place for place in PLACES), state_dir / PACKAGES]

    def one_copy_at_a_time(self) -> AbstractContextManager[None]:
        """Wait until nobody else copies a root: each is to see how much room those before have left."""
        return locked(self._copying, fcntl.LOCK_EX)

    def size(self) -> int:
        """Return the bytes on disk of layers, metadata and packages."""
        return self.store.size()[1] + self.packages.size()[1]

    def tidy(self, limit: int, *, seal: bool = False) -> None:
        """Keep within ``limit`` bytes, delete what is left over, and ``seal`` what is new.

        Slow, so call it when nothing waits. Where nothing has come or gone since it found nothing to do, no
        entry is looked at: most builds leave the cache as it was.
        """
        tidiness = Tidiness(self._tidied, self._places, limit, sealed=seal)
        if tidiness.is_known():
            return
        packages = limit // PACKAGES_SHARE
        done = self.packages.evict(packages)
        done &= self.store.evict(limit - min(packages, self.packages.size()[1]))
        done &= self.store.sweep()
        self.answers.prune()
        if seal:
            done &= self.store.seal()
        if done:
            tidiness.remember()
