"""Writing buildroot_lock.json as mock does, for ``mock --hermetic-build`` and others that read mock's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from koji_adjutant.buildroot.installed.packages import Installed, InstalledPackage
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.mock_lock import NAME, NO_TAG, VERSION
from koji_adjutant.text import without_credentials

_KEY = re.compile(r"[0-9a-f]{8}$")


def write_mock_lock(directory: Path, lock: Lock, installed: Installed) -> str | None:
    """Write mock's lock of a root; returns why not where it cannot be told.

    Then there is none, not even one that an earlier step of the same buildroot has left.
    """
    path = directory / NAME
    if why := _untold(lock, installed):
        path.unlink(missing_ok=True)
        return why
    path.write_text(json.dumps(mock_lock(lock, installed), indent=4, sort_keys=True) + "\n")
    return None


def _untold(lock: Lock, installed: Installed) -> str | None:
    if any(package.license is None for package in installed.packages):
        return (
            "the root was composed by a version that did not ask for licenses; "
            "`koji-adjutant cache prune --all` removes it, and the next one is complete"
        )
    # a script can write into rpm's database
    unasked = sorted({package.nevra for package in installed.packages} - _urls(lock).keys())
    return f"nobody asked for {', '.join(unasked)} to be installed" if unasked else None


def mock_lock(lock: Lock, installed: Installed) -> dict[str, Any]:
    """Return what mock would write of the root.

    There is no ``bootstrap``: no chroot of mock's has installed it.
    """
    urls = _urls(lock)
    return {
        "version": VERSION,
        "buildroot": {
            "rpms": [
                _package(package, urls[package.nevra])
                for package in sorted(installed.packages, key=lambda one: (one.name, one.arch))
            ]
        },
        "config": {
            "target_arch": lock.config.target_arch,
            "legal_host_arches": [lock.machine],
            "macros": dict(lock.config.macros),
        },
    }


def _urls(lock: Lock) -> Mapping[str, str]:
    """Return from where each package came, by NEVRA, as dnf shows it: the file's name is not encoded.

    mock-hermetic-repo encodes it once, and so would ask for ``gcc-c%252B%252B-…``.
    """
    repositories = {repository.id: repository.urls for repository in lock.config.repositories}
    found = {}
    for package in lock.packages():
        for place in package.urls(repositories.get(package.repository, ()))[:1]:
            directory, _, name = without_credentials(place).rpartition("/")
            found[package.nevra] = f"{directory}/{unquote(name)}"
    return found


def _package(package: InstalledPackage, url: str) -> dict[str, str | None]:
    key = _KEY.search(package.signature or "")
    # what Koji knows packages of format 6 by has a label; rpm's database then has no SIGMD5
    sigmd5 = NO_TAG if "::" in package.payloadhash else package.payloadhash
    return {
        "name": package.name,
        "version": package.version,
        "release": package.release,
        "epoch": None if package.epoch is None else str(package.epoch),
        "arch": package.arch,
        "license": package.license or NO_TAG,
        "sigmd5": sigmd5,
        "signature": key[0] if key else None,
        "url": url,
    }
