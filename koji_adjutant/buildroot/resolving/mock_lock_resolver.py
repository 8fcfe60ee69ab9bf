"""Answering from mock's lock, and the directory of its packages, what has to be installed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from koji_adjutant.buildroot.resolving.resolver import Resolver
from koji_adjutant.buildroot.specification.mock_lock import MockLock
from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan, Wanted
from koji_adjutant.errors import DependencyError, LockError, SourceError
from koji_adjutant.rpm.header import RpmHeader, Tag, identity, signature_header
from koji_adjutant.rpm.nevra import nevra


class MockLockResolver:
    """The lock's packages are the base, all of them, as for mock; what is asked for then has to be there.

    The resolver says whether it is: it reads the directory's metadata, in which there is nothing else.
    """

    def __init__(self, lock: MockLock, resolver: Resolver) -> None:
        self._lock = lock
        self._resolver = resolver

    @property
    def package_sources(self) -> PackageSources:
        """Where the packages are available: in the directory only."""
        return replace(self._resolver.package_sources, offline=True)

    def resolve(self, parent: str | None, lowers: Sequence[Path], dbpath: str, wanted: Wanted) -> Plan:
        """Return all packages of the lock for the base, and nothing for what is asked for on top of it.

        Raises LockError if the directory lacks a package, or what is asked for is not in the lock.
        """
        (repository,) = self._resolver.package_sources.locations
        if parent is None:
            return Plan(tuple(locked_files(self._lock, repository)))
        try:
            plan = self._resolver.resolve(parent, lowers, dbpath, wanted)
        except DependencyError as problem:
            raise LockError(f"what is built needs what the lock does not have: {problem}") from problem
        if plan.changes:
            more = ", ".join(package.nevra for package in plan.install)
            raise LockError(f"what is built needs {more}, which the lock does not have")
        return plan


def locked_files(lock: MockLock, repository: str) -> list[PackageFile]:
    """Return the lock's packages, found in its directory by NEVRA and SIGMD5; sorted by NEVRA.

    mock names no checksums, so they are computed: with these the root can be made again. Raises LockError,
    which names packages that are not there, or are others.
    """
    found = _found(lock, repository)
    if missing := sorted(lock.installed.keys() - found.keys()):
        names = "".join(f"\n  {package}" for package in missing)
        raise LockError(
            f"{len(missing)} packages of the lock are not in {lock.directory}; "
            f"`mock-hermetic-repo --lockfile LOCK --output-repo {lock.directory}` downloads them:{names}"
        )
    return [found[package] for package in sorted(found)]


def _found(lock: MockLock, repository: str) -> Mapping[str, PackageFile]:
    found: dict[str, PackageFile] = {}
    others: list[str] = []
    for path in sorted(lock.directory.rglob("*.rpm")):
        try:
            package, sigmd5 = _nevra(RpmHeader(path)), identity(signature_header(path))
        except SourceError as problem:
            raise LockError(f"{lock.directory} has a file that is no package: {problem}") from problem
        if lock.installed.get(package) == sigmd5:
            found[package] = _file(path, package, repository, lock.directory)
        elif package in lock.installed:
            others.append(f"{path.relative_to(lock.directory)} has SIGMD5 {sigmd5}")
    # another copy of it may well be the lock's: signing changes no SIGMD5, building once more does
    if others and lock.installed.keys() - found.keys():
        raise LockError(f"{lock.directory} has other packages than the lock: {'; '.join(others)}")
    return found


def _file(path: Path, package: str, repository: str, directory: Path) -> PackageFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    location = path.relative_to(directory).as_posix()
    return PackageFile(package, f"sha256:{digest}", path.stat().st_size, repository, location)


def _nevra(header: RpmHeader) -> str:
    name, version, release, arch = map(header.text, (Tag.NAME, Tag.VERSION, Tag.RELEASE, Tag.ARCH))
    return nevra(str(name), header.number(Tag.EPOCH), str(version), str(release), str(arch))
