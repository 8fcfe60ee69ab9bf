"""What ``koji-adjutant build --lock`` builds in: from a lock of ours, or from one of mock's."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import koji

from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.specification.lock import Lock, read_lock
from koji_adjutant.buildroot.specification.mock_lock import MockLock, is_mock_lock, read_mock_lock
from koji_adjutant.errors import LockError, UsageError
from koji_adjutant.scm.source import ScmSource


@dataclass(frozen=True)
class LockedRoot:
    """A buildroot that is locked; ``arch`` is what rpmbuild builds for.

    ``tool_image_name`` is what it was made with, None where nobody says: mock's locks do not.
    """

    lock: Lock | MockLock
    config: BuildrootConfig
    arch: str
    tool_image_name: str | None


def locked_root(
    file: Path,
    sources: Sequence[Path | ScmSource],
    arch: str | None,
    *,
    repos: Sequence[str],
    others: Sequence[str],
) -> LockedRoot:
    """Read the lock in a file, for the build of ``sources``.

    ``arch`` is what --arch asks for, ``repos`` what --repo names; ``others`` is what options say that do not
    go with any lock. Raises UsageError for what does not fit, NotFound if there is no such file, LockError if
    it is no lock that can be used.
    """
    mocks = is_mock_lock(file)
    if len(sources) > 1:
        raise UsageError("--lock is of one buildroot: give one SOURCE.")
    if others or (repos and not mocks):
        raise UsageError("--repo, --target, --group and --install do not go with --lock, which says it all.")
    if isinstance(sources[0], ScmSource):
        raise UsageError("--lock builds without a network: give an SRPM, or the directory of a checkout.")
    if mocks:
        return _of_mock(file, arch, repos)
    lock = read_lock(file)
    return LockedRoot(
        lock, replace(lock.config, network=False), lock.arch_to_build(arch), lock.tool_image_name
    )


def _of_mock(file: Path, asked: str | None, repos: Sequence[str]) -> LockedRoot:
    if len(repos) != 1 or not Path(repos[0]).is_dir():
        raise UsageError(
            f"{file} is mock's lock, which names no checksums: name the directory of its packages with "
            "--repo DIR, which `mock-hermetic-repo --lockfile FILE --output-repo DIR` makes."
        )
    lock = read_mock_lock(file, Path(repos[0]).resolve())
    if lock.target_arch and asked not in (None, "noarch"):
        made_for = koji.canonArch(lock.target_arch)
        if koji.canonArch(asked) != made_for:
            raise LockError(f"the lock is of a buildroot for {made_for}, not for {asked}")
    root_arch = lock.target_arch or (asked if asked != "noarch" else None) or platform.machine()
    config = for_repos([str(lock.directory)], root_arch, "build", network=False, options=TagOptions())
    # where things are built is ours to say
    macros = {**config.macros, **lock.macros, "%_topdir": config.macros["%_topdir"]}
    return LockedRoot(lock, replace(config, macros=macros), asked or root_arch, None)
