"""What Koji knows installed packages by, where the root's rpm database does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from koji_adjutant.buildroot.installed.packages import Installed
from koji_adjutant.buildroot.specification.plan import Plan
from koji_adjutant.errors import InstallError, SourceError
from koji_adjutant.rpm.header import identity, signature_header


def identified(installed: Installed, below: Installed | None, plan: Plan, files: Sequence[Path]) -> Installed:
    """Return ``installed`` with the ``payloadhash`` of every package.

    A package of rpm's format 6 has no SIGMD5, and the digests that it has instead are in its file, not in
    every rpm database: in that of ``plan``'s ``files``, or known of the layer ``below``.

    Raises InstallError for a package that nothing identifies.
    """
    paths = {package.nevra: file for package, file in zip(plan.install, files, strict=True)}
    known = {package.nevra: package.payloadhash for package in below.packages} if below else {}
    packages = tuple(
        package
        if package.payloadhash
        else replace(package, payloadhash=_payloadhash(package.nevra, paths, known))
        for package in installed.packages
    )
    return replace(installed, packages=packages)


def _payloadhash(nevra: str, paths: Mapping[str, Path], known: Mapping[str, str]) -> str:
    if nevra not in paths:
        if nevra in known:
            return known[nevra]
        raise InstallError(f"{nevra} is in the rpm database, but nobody asked for it to be installed")
    try:
        found = identity(signature_header(paths[nevra]))
    except SourceError as problem:
        raise InstallError(str(problem)) from problem
    if found is None:
        raise InstallError(f"{nevra} has no digest in its signature header, so Koji cannot know it")
    return found
