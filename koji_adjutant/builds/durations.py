"""How long packages take to build on this machine. The hub knows only with all waiting in it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.rpm.header import RpmHeader, Tag


def remembered(root: Buildroot, srpm: Path, arch: str) -> float | None:
    """Return how many seconds rpmbuild took for the package the last time; None if it was not built here."""
    seconds = root.workspace.cache.answers.get(_key(root, srpm, arch))
    return float(seconds) if isinstance(seconds, int | float) else None


def remember(root: Buildroot, srpm: Path, arch: str, seconds: float) -> None:
    """Note how long it has taken."""
    with suppress(OSError):  # a full disk does not make a good build a bad one
        root.workspace.cache.answers.put(_key(root, srpm, arch), seconds)


def _key(root: Buildroot, srpm: Path, arch: str) -> str:
    """Whatever its version, and what it is built on: a package's builds are like each other."""
    question = ["seconds", RpmHeader(srpm).text(Tag.NAME), arch, root.config.arch]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()
