"""Running rpm and rpmbuild in a buildroot as mock does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from koji_adjutant.buildroot.config import TOPDIR
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot
from koji_adjutant.buildroot.status import SRPM_UNUSABLE
from koji_adjutant.builds.failure import StepFailedError
from koji_adjutant.builds.results import package_names, take_packages
from koji_adjutant.errors import SourceError
from koji_adjutant.rpmheader import RpmHeader, Tag

DYNAMIC_BUILDREQUIRES = "rpmlib(DynamicBuildRequires)"

SRPMS = ("build", "SRPMS")
RPMS = ("build", "RPMS")


def check_source_package(srpm: Path) -> RpmHeader:
    """The header of a source package. SourceError if it is missing or none."""
    if not srpm.is_file():
        raise SourceError(f"SRPM file missing: {srpm}")
    header = RpmHeader(srpm)
    if not header.is_source:
        raise SourceError(f"not a source package: {srpm.name}")
    return header


def login_shell(*command: str) -> list[str]:
    """mock runs rpmbuild through a login shell, so /etc/profile.d has its say."""
    return ["bash", "--login", "-c", 'exec "$@"', "bash", *command]


def rpmbuild(root: Buildroot, *arguments: str) -> int:
    """One rpmbuild, with its output in build.log; its exit status. BuildTimeout after rpmbuild_timeout."""
    return root.run(
        login_shell("/usr/bin/rpmbuild", *arguments),
        log=root.workspace.resultdir / "build.log",
        timeout=root.config.rpmbuild_timeout or None,
    )


def unpack_source_package(root: Buildroot, srpm: Path) -> str:
    """Copy an SRPM in and install it as the build user; the path of its spec in the root.

    StepFailedError if rpm in the root cannot, or it has no spec. Call it before anything else has run.
    """
    # under a name of ours: a file name is the packager's
    inside = root.home / "build" / "originals" / "source.src.rpm"
    shutil.copyfile(srpm, inside)
    os.chown(inside, BUILD_UID, BUILD_GID)
    specs = [name for name in RpmHeader(srpm).texts(Tag.BASENAMES) if name.endswith(".spec")]
    if not specs:
        raise StepFailedError(SRPM_UNUSABLE, "root.log", f"No specfile found in srpm: {srpm.name}")
    log = root.workspace.resultdir / "root.log"
    if root.run(["/bin/rpm", "-Uvh", "--nodeps", str(TOPDIR / "originals" / inside.name)], log=log) != 0:
        raise StepFailedError(SRPM_UNUSABLE, "root.log", "Source RPM is not installable")
    return str(TOPDIR / "SPECS" / specs[0])


def source_package(root: Buildroot, target: Path) -> Path:
    """Take the one rebuilt SRPM out. StepFailedError unless there is exactly one."""
    names = [name for name in package_names(root.home, SRPMS) if name.endswith("src.rpm")]
    if len(names) != 1:
        raise StepFailedError(
            SRPM_UNUSABLE, "root.log", f"Expected to find single rebuilt srpm, found {len(names)}"
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    return take_packages(root.home, SRPMS, target, names)[0]


def target_options(arch: str) -> Sequence[str]:
    """--noclean leaves BUILD for who looks into a failed build; --nodeps since mock checks dependencies."""
    return ["--noclean", "--target", arch, "--nodeps"]
