"""What is known of a build when it has ended well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.provenance.resources import Resource


@dataclass(frozen=True)
class BuildRun:
    """One task's build.

    ``builder`` and ``invocation`` are URIs: of the machine's page and of the task's. ``versions`` are the
    programs' that made it. ``parameters`` are what the task was asked for, ``isolation`` what kept the build
    apart. ``began`` and ``ended`` are seconds since the epoch. ``results`` are RPM files, ``by_products`` the
    logs.
    """

    builder: str
    invocation: str
    versions: Mapping[str, str]
    method: str
    parameters: Mapping[str, Any]
    isolation: Mapping[str, Any]
    began: float
    ended: float
    sources: Sequence[Resource]
    image: Resource
    lock: Lock
    results: Sequence[Path]
    by_products: Sequence[Path]
