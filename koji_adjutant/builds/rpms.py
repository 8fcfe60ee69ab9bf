"""SRPM to RPMs: what ``mock --rebuild`` does for kojid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot


@dataclass(frozen=True)
class RpmBuild:
    """Files in resultdir: the binary RPMs (sorted) and the rebuilt source RPM."""

    rpms: tuple[Path, ...]
    srpm: Path


def build_rpms(root: Buildroot, srpm: Path, *, arch: str) -> RpmBuild:
    """Build ``srpm`` for ``arch`` (rpmbuild's --target: the task's arch, which may be noarch).

    BuildFailed ("error building package (arch A), mock exited with status N; see build.log for more
    information") or DependencyError, with the same beginning.
    """
    raise NotImplementedError
