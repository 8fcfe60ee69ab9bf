"""Bringing a buildroot to where a build was."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.builds.failure import StepFailedError
from koji_adjutant.builds.rpmbuild import check_source_package, copy_source_package
from koji_adjutant.errors import SourceError

ReplayStep = Literal["base", "buildrequires", "end"]


def replay(root: Buildroot, lock: Lock, step: ReplayStep, srpm: Path | None) -> None:
    """Bring a buildroot that has only its base to the given step of the build that the lock is from.

    "buildrequires" installs what that build had on top of the base, "end" also unpacks the source package if
    there is one. Raises SourceError for a source package of no use, LockError if the root becomes another
    one.
    """
    if step == "base":
        return
    with root.workspace.progress.phase("packages of the lock"):
        for one in lock.steps[1:]:
            root.install(one.wanted.packages, one.wanted.requires)
        root.check_lock()
    if step == "end" and srpm:
        _unpack(root, srpm)


def _unpack(root: Buildroot, srpm: Path) -> None:
    check_source_package(srpm)
    try:
        unpacking = copy_source_package(root, srpm).unpacking
    except StepFailedError as failure:
        raise SourceError(failure.reason) from failure
    with root.workspace.progress.phase(f"unpacking {srpm.name}"):
        if root.run(unpacking.command, log=unpacking.log) != 0:
            raise SourceError(f"{srpm.name} cannot be unpacked in the buildroot")
