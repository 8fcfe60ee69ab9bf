"""SRPM to SRPM: kojid's rebuildSRPM."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot


def rebuild_srpm(root: Buildroot, srpm: Path) -> Path:
    """The SRPM made anew in the buildroot (dist tag and so on), in resultdir.

    SpecError, SourceError or BuildFailed ("error building srpm, …").
    """
    raise NotImplementedError
