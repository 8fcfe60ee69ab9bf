"""SRPM to SRPM: kojid's rebuildSRPM."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.status import FAILED
from koji_adjutant.builds.failure import StepFailedError, kojid_message_on_failure
from koji_adjutant.builds.results import take_packages
from koji_adjutant.builds.rpmbuild import SRPMS, check_source_package, copy_source_package, rpmbuild
from koji_adjutant.errors import SourceError, SpecError, TaskStep, at_step
from koji_adjutant.rpm.header import RpmHeader


def rebuild_srpm(root: Buildroot, srpm: Path) -> Path:
    """Make an SRPM anew in the buildroot (dist tag and so on). Returns the new one, in resultdir.

    Raises SourceError or SpecError for an SRPM of no use, BuildFailed ("error building srpm, …").
    """
    if check_source_package(srpm).spec is None:
        raise SpecError("No spec file found")
    phase = root.workspace.progress.phase
    with kojid_message_on_failure("error building srpm"), phase("rebuild srpm"), at_step(TaskStep.SRPM):
        source = copy_source_package(root, srpm)
        with phase("rpmbuild -bs"):
            # no --target: kojid runs rpmbuild directly here, not through mock
            if rpmbuild(root, "-bs", "--nodeps", source.spec, after=source.unpacking) != 0:
                raise StepFailedError(FAILED, "build.log")
    return take_source_package(root)


def take_source_package(root: Buildroot) -> Path:
    """Copy the newly built SRPM from the root into resultdir; return its path.

    Raises SourceError unless there is exactly one, called as its header says; SpecError for one without all
    of its sources.
    """
    with at_step(TaskStep.COLLECT):
        srpms = take_packages(root.home, SRPMS, root.workspace.resultdir)
    if not srpms:
        raise SourceError(f"No srpms found in {root.workspace.resultdir}")
    if len(srpms) > 1:
        raise SourceError(f"Multiple srpms found: {', '.join(path.name for path in srpms)}")
    if srpms[0].name.endswith(".nosrc.rpm"):
        raise SpecError(
            f"the spec file leaves sources out of its source package (NoSource or NoPatch makes "
            f"{srpms[0].name}): Koji takes those that have all of their sources"
        )
    expected = RpmHeader(srpms[0]).source_file_name
    if srpms[0].name != expected:
        raise SourceError(f"srpm name mismatch: {expected} != {srpms[0].name}")
    return srpms[0]
