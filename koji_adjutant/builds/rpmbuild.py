"""Running rpm and rpmbuild in a buildroot as mock does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import (
    BUILD_GID,
    BUILD_UID,
    Buildroot,
)
from koji_adjutant.buildroot.specification.config import TOPDIR
from koji_adjutant.buildroot.status import SRPM_UNUSABLE
from koji_adjutant.buildroot.step import PREPARATION_FAILED, Preparation
from koji_adjutant.builds.failure import StepFailedError
from koji_adjutant.builds.results import package_names, take_packages
from koji_adjutant.errors import SourceError
from koji_adjutant.rpm.header import RpmHeader

DYNAMIC_BUILDREQUIRES = "rpmlib(DynamicBuildRequires)"

SRPMS = ("build", "SRPMS")
RPMS = ("build", "RPMS")


def check_source_package(srpm: Path) -> RpmHeader:
    """Return the header of a source package. Raises SourceError if there is no such file, or it is none."""
    if not srpm.is_file():
        raise SourceError(f"SRPM file missing: {srpm}")
    header = RpmHeader(srpm)
    if not header.is_source:
        raise SourceError(f"not a source package: {srpm.name}")
    return header


def login_shell(*command: str) -> list[str]:
    """Return the command line that runs a command through a login shell, so that /etc/profile.d has its say.

    mock runs rpmbuild in this way.
    """
    return ["bash", "--login", "-c", 'exec "$@"', "bash", *command]


@dataclass(frozen=True)
class CopiedSource:
    """A source package that was copied into the root: its ``spec`` is there after ``unpacking`` has run."""

    unpacking: Preparation
    spec: str


def rpmbuild(root: Buildroot, mode: str, *arguments: str, after: Preparation | None = None) -> int:
    """Run rpmbuild once, with its output in build.log, and return its exit status.

    ``mode`` is -bs and the like; the configuration's options follow it, as mock's do, whatever it is.

    Raises BuildTimeout after rpmbuild_timeout, StepFailedError if the source package that it was to come
    ``after`` cannot be unpacked.
    """
    status = root.run(
        login_shell("/usr/bin/rpmbuild", mode, *root.config.rpmbuild_options, *arguments),
        log=root.workspace.resultdir / "build.log",
        timeout=root.config.rpmbuild_timeout or None,
        after=after,
    )
    if after and status == PREPARATION_FAILED:
        raise StepFailedError(SRPM_UNUSABLE, "root.log", "Source RPM is not installable")
    return status


def copy_source_package(root: Buildroot, srpm: Path) -> CopiedSource:
    """Copy an SRPM into the root, to be unpacked there. Call it before anything has run in the root.

    Raises StepFailedError if it has no spec.
    """
    # under a name of ours: a file name is the packager's
    inside = root.home / "build" / "originals" / "source.src.rpm"
    shutil.copyfile(srpm, inside)
    os.chown(inside, BUILD_UID, BUILD_GID)
    spec = RpmHeader(srpm).spec
    if spec is None:
        raise StepFailedError(SRPM_UNUSABLE, "root.log", f"No specfile found in srpm: {srpm.name}")
    command = ["/bin/rpm", "-Uvh", "--nodeps", str(TOPDIR / "originals" / inside.name)]
    return CopiedSource(
        Preparation(command, root.workspace.resultdir / "root.log"), str(TOPDIR / "SPECS" / spec)
    )


def source_package(root: Buildroot, target: Path) -> Path:
    """Copy the SRPM that rpmbuild has written from the root into ``target``; return its path.

    ``target`` is made anew. Raises StepFailedError unless there is exactly one.
    """
    names = [name for name in package_names(root.home, SRPMS) if name.endswith("src.rpm")]
    if len(names) != 1:
        raise StepFailedError(
            SRPM_UNUSABLE, "root.log", f"Expected to find single rebuilt srpm, found {len(names)}"
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    return take_packages(root.home, SRPMS, target, names)[0]


def target_options(arch: str) -> Sequence[str]:
    """Return the options of rpmbuild that mock uses to build for ``arch``.

    --noclean leaves BUILD for looking into a failed build; --nodeps since mock checks dependencies.
    """
    return ["--noclean", "--target", arch, "--nodeps"]
