"""What a result was measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import koji_adjutant

_PROGRAMS = {
    "podman": ("podman", "--version"),
    "runc": ("runc", "--version"),
    "crun": ("crun", "--version"),
    "rpm": ("rpm", "--version"),
    "dnf": ("dnf", "--version"),
    "createrepo_c": ("createrepo_c", "--version"),
}

_TREE = Path(__file__).parents[2]


def describe(directory: Path, mock: Path | None) -> dict[str, object]:
    """The machine, as far as it matters for comparing results; ``directory`` is where builds take place."""
    mock_version = _said([str(mock), "--version"]) if mock else None
    return {
        "host": platform.node(),
        "system": _os_release(),
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "processor": _first(Path("/proc/cpuinfo"), "model name"),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "file_system": _said(["findmnt", "-n", "-o", "FSTYPE,OPTIONS", "--target", str(directory)]),
        "virtual": _said(["systemd-detect-virt"]),
        "python": platform.python_version(),
        "programs": {name: _said(command) for name, command in _PROGRAMS.items()} | {"mock": mock_version},
        "koji_adjutant": koji_adjutant.__version__,
        "commit": _said(["git", "-C", str(_TREE), "describe", "--always", "--dirty", "--abbrev=12"]),
        "load": os.getloadavg(),
    }


def _os_release() -> str:
    return platform.freedesktop_os_release()["PRETTY_NAME"]


def _first(path: Path, key: str) -> str | None:
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


def _said(command: Sequence[str]) -> str | None:
    """The first line of what a program says; None if it is not installed or says nothing."""
    if shutil.which(command[0]) is None:
        return None
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return result.stdout.strip().split("\n")[0] or None
