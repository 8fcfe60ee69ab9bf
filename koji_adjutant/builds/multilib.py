"""Which packages of a 32-bit dist repo belong into the 64-bit one as well."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.libraries import bring
from koji_adjutant.builds.repo_program import hub_directories, run_repo_program
from koji_adjutant.errors import AdjutantError, RepoContentError

PARTNERS = {"s390x": "s390", "ppc64": "ppc", "x86_64": "i686"}
"""Multilib arches, and whose packages their repositories have as well."""

LIBRARY = ("multilib", "six")
"""python-multilib, which decides, and what it imports."""


@dataclass(frozen=True)
class MultilibRequest:
    """A 64-bit repository, and the 32-bit one, its partner, that it shall have packages from.

    ``packages`` are those of ``arch``, files in topdir by name; ``config`` is python-multilib's
    configuration. ``partner`` is the finished repository of ``partner_arch`` with the package files
    ``offered``.
    """

    topdir: Path
    arch: str
    packages: Mapping[str, Path]
    config: Path
    partner: Path
    partner_arch: str
    offered: frozenset[str]


def multilib_packages(workspace: Workspace, request: MultilibRequest) -> list[str]:
    """Return the names of the partner's packages that the repository of ``arch`` needs as well.

    Those are what python-multilib's method ``devel`` selects, and what they require. Raises RepoContentError
    if the partner lacks some of them: missing_multilib.log lists them; AdjutantError without python-multilib.
    """
    shutil.copy(request.config, workspace.workdir / "multilib.conf")
    bring(LIBRARY, workspace.workdir / "library")
    order = {
        "arch": request.arch,
        "packages": {name: str(path) for name, path in request.packages.items()},
        "partner": request.partner.as_uri(),
        "partner_arch": request.partner_arch,
        "offered": sorted(request.offered),
    }
    status, answer = run_repo_program(workspace, "pick_multilib", order, seen=hub_directories(request.topdir))
    if answer is None:
        raise AdjutantError(f"multilib for {request.arch} failed: the container exited with status {status}")
    if answer["failed"]:
        raise AdjutantError(f"multilib for {request.arch} failed: {answer['failed']}")
    missing: list[str] = answer["missing"]
    if missing:
        log = workspace.resultdir / "missing_multilib.log"
        lines = [f"{request.partner}/Packages/{name[0].lower()}/{name}\n" for name in missing]
        log.write_text("The following multilib files were missing:\n" + "".join(lines))
        raise RepoContentError(
            f"multilib packages missing. See missing_multilib.log\nthe repository for {request.partner_arch} "
            f"lacks {missing[0]}" + (f" and {len(missing) - 1} more" if missing[1:] else "")
        )
    needed: list[str] = answer["needed"]
    return needed
