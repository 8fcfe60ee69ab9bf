"""The packages of a lock: which are missing on this machine, and getting them."""

from __future__ import annotations

from collections.abc import Sequence

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.buildroot.specification.plan import PackageFile


def package_sources_of(lock: Lock, *, offline: bool) -> PackageSources:
    """Return where the lock's packages come from; ``offline``, from this machine only."""
    return PackageSources(
        locations={repository.id: repository.urls for repository in lock.config.repositories},
        local=[mount.source for mount in lock.config.repo_mounts],
        offline=offline,
    )


def missing_packages(lock: Lock, cache: Cache) -> list[PackageFile]:
    """Return what it takes to make the lock's root and is not on this machine.

    That is, in no layer, nor as a package in the cache, nor in a repository's directory.
    """
    sources = package_sources_of(lock, offline=True)
    new = [step for step in lock.steps if not cache.store.has(step.key)]
    to_install = [package for step in new for package in step.plan.install]
    return [package for package in cache.packages.missing(to_install) if not sources.has(package)]


def download(lock: Lock, cache: Cache, packages: Sequence[PackageFile]) -> int:
    """Download those of the lock's ``packages`` that the cache does not have; returns how many that were.

    Each has to have the checksum that the lock says. Raises BuildrootError, which names one that is not
    available.
    """
    sources = package_sources_of(lock, offline=False)
    new = cache.packages.missing(packages)
    sources.check(packages)
    with cache.packages.holding(packages, sources.locations):
        return len(new)
