"""SRPM to RPMs: what ``mock --rebuild`` does for kojid."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.files.opened import OpenedFiles
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.status import BUILD_FAILED, SRPM_UNUSABLE
from koji_adjutant.builds import durations
from koji_adjutant.builds.failure import StepFailedError, kojid_message_on_failure
from koji_adjutant.builds.requirements import install_dynamic_requires, install_static_requires
from koji_adjutant.builds.results import take_packages
from koji_adjutant.builds.rpmbuild import (
    RPMS,
    SRPMS,
    check_source_package,
    rpmbuild,
    target_options,
)
from koji_adjutant.builds.used_requires import write_report
from koji_adjutant.errors import AdjutantError, SpecError, TaskStep, at_step
from koji_adjutant.rpm.header import RpmHeader, Tag

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RpmBuild:
    """Files in resultdir: the binary RPMs (sorted) and the rebuilt source RPM."""

    rpms: tuple[Path, ...]
    srpm: Path


def build_rpms(root: Buildroot, srpm: Path, *, arch: str, usual_seconds: float = 0) -> RpmBuild:
    """Build ``srpm`` for ``arch`` (rpmbuild's --target: the task's arch, which may be noarch).

    ``usual_seconds`` is how long the package may take where it was never built on this machine, 0 if nobody
    knows.

    Raises SourceError if it is no source package; BuildFailed, BuildTimeout or DependencyError, which say
    "error building package (arch A), mock exited with status N; see build.log for more information" (root.log
    if the package manager failed). LockError if the workspace has a lock, and ``srpm`` needs another root.
    """
    check_source_package(srpm)
    phase = root.workspace.progress.phase
    with (
        kojid_message_on_failure(f"error building package (arch {arch})"),
        phase(f"build phase for {srpm.name}"),
    ):
        with phase(f"build setup for {srpm.name}"), at_step(TaskStep.SRPM):
            spec, dynamic = install_static_requires(root, srpm, arch)
        with phase(f"rpmbuild {srpm.name}"), at_step(TaskStep.BUILD):
            if dynamic:
                install_dynamic_requires(root, spec, arch)
            root.check_lock()
            root.list_installed_packages()
            root.settle(durations.remembered(root, srpm, arch) or usual_seconds)
            began = time.monotonic()
            with _opened_files(root) as opened:
                if dynamic:
                    # writes the source package anew, with the requires that were generated; checks
                    # dependencies, since nothing says that they come out the same once more
                    status = rpmbuild(root, "-ba", "--noprep", "--noclean", "--target", arch, spec)
                else:
                    status = rpmbuild(root, "-bb", *target_options(arch), spec)
            if status != 0:
                raise StepFailedError(BUILD_FAILED, "build.log")
            if not root.workspace.limits.niceness:  # of what gives way to others, it says nothing
                durations.remember(root, srpm, arch, time.monotonic() - began)
            result = collect(root)
            if opened:
                _report(root, result.srpm, opened)
            return result


@contextmanager
def _opened_files(root: Buildroot) -> Iterator[OpenedFiles | None]:
    """Note what is opened, where the tag wants to know that; no build fails because it cannot be known."""
    with ExitStack() as watching:
        opened = None
        if root.config.used_requires:
            try:
                opened = watching.enter_context(root.opened_files())
            except (AdjutantError, OSError) as problem:
                _not_known(root, problem)
        yield opened


def _report(root: Buildroot, srpm: Path, opened: OpenedFiles) -> None:
    try:
        write_report(root, srpm, opened)
    except (AdjutantError, OSError) as problem:
        _not_known(root, problem)


def _not_known(root: Buildroot, problem: Exception) -> None:
    logger.warning("Task %s has no list of what it used: %s", root.workspace.owner.task_id, problem)


def collect(root: Buildroot) -> RpmBuild:
    """Copy the built packages from the root into resultdir.

    Raises StepFailedError unless there is one source package among them, BuildFailed for files that are no
    packages, SpecError for packages that say they are another one's: the hub would not take them.
    """
    resultdir = root.workspace.resultdir
    with at_step(TaskStep.COLLECT):
        rpms = take_packages(root.home, RPMS, resultdir)
        srpms = take_packages(root.home, SRPMS, resultdir)
        if len(srpms) != 1:
            raise StepFailedError(
                SRPM_UNUSABLE, "build.log", f"the build left {len(srpms)} source packages instead of one"
            )
        for rpm in rpms:
            if (source := RpmHeader(rpm).text(Tag.SOURCERPM)) != srpms[0].name:
                raise SpecError(
                    "the spec file has another name, version or release each time it is read, by a clock or "
                    f"a random number: {rpm.name} is of {source}, not of {srpms[0].name}"
                )
    return RpmBuild(tuple(rpms), srpms[0])
