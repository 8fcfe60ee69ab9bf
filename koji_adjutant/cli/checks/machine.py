"""This machine's directories and disks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from koji_adjutant.cli.checks.host_access import check_host_access
from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.config import Settings
from koji_adjutant.config.limits import task_limits
from koji_adjutant.errors import ProvenanceError
from koji_adjutant.provenance.evidence import signer_of
from koji_adjutant.text import size

ROOMY = 2
"""Times minspace from which on the free space is no cause for worry."""


def check_machine(settings: Settings) -> Iterator[CheckResult]:
    ours = settings.adjutant
    state_dir, workdir = settings.kojid.build_directories
    for option, directory in (
        ("state_dir", state_dir),
        ("workdir", workdir),
        ("log_dir", ours.log_dir),
        ("log_file", ours.log_file.parent),
    ):
        yield _writable(option, directory)
    for option, directory in (("state_dir", state_dir), ("workdir", workdir)):
        yield _space(option, directory, settings.kojid.minspace * 1024**2)
    yield _limits(settings)
    yield _topdir(Path(settings.kojid.topdir))
    yield from check_host_access(ours)
    if ours.provenance and ours.provenance_key:
        yield _key(ours.provenance_key)


def _key(path: Path) -> CheckResult:
    try:
        signer = signer_of(path)
    except ProvenanceError as problem:
        return CheckResult(Level.FAIL, "provenance_key", f"{problem}: no build could end")
    return CheckResult(Level.OK, "provenance_key", f"provenance is signed with the key {signer.key_id}")


def _limits(settings: Settings) -> CheckResult:
    limits = task_limits(settings.adjutant, settings.kojid.maxjobs)
    memory = "any memory" if limits.memory_bytes is None else f"{size(limits.memory_bytes)} of memory"
    processes = f"{limits.pids} processes" if limits.pids else "any number of processes"
    jobs = settings.kojid.maxjobs
    return CheckResult(
        Level.OK, "limits", f"each of at most {jobs} tasks at a time may have {memory}, and {processes}"
    )


def _writable(option: str, directory: Path) -> CheckResult:
    there = _nearest(directory)
    if not there.is_dir():
        return CheckResult(
            Level.FAIL, option, f"{there} is not a directory: remove it, or set another {option}"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        return CheckResult(
            Level.FAIL,
            option,
            f"{there} cannot be written by this user (uid {os.geteuid()}): run check, and the worker, as the "
            f"user that owns it, or set another {option}",
        )
    made = "" if there == directory else " will be made and"
    return CheckResult(Level.OK, option, f"{directory}{made} can be written")


def _space(option: str, directory: Path, minspace: int) -> CheckResult:
    free = shutil.disk_usage(_nearest(directory)).free
    said = f"{size(free)} free at {directory}"
    if free < minspace:
        return CheckResult(
            Level.FAIL,
            "disk",
            f"{said}, less than minspace ({size(minspace)}), so no task would be taken: free some, move "
            f"{option} to a larger disk or lower minspace",
        )
    if free < ROOMY * minspace:
        return CheckResult(
            Level.WARN, "disk", f"{said}, not much more than minspace ({size(minspace)}): lower cache_size"
        )
    return CheckResult(Level.OK, "disk", said)


def _topdir(topdir: Path) -> CheckResult:
    if (topdir / "repos").is_dir():
        return CheckResult(Level.OK, "topdir", f"{topdir} is there: createrepo tasks can be done")
    return CheckResult(
        Level.WARN,
        "topdir",
        f"there is no {topdir}/repos, so createrepo tasks will be refused: mount the hub's topdir, or keep "
        "this host out of the channel createrepo",
    )


def _nearest(path: Path) -> Path:
    """Return the path, or of its parents the nearest that exists."""
    return next(one for one in (path, *path.parents) if one.exists())
