"""SELinux, where it enforces: whether containers may use the directories that they work in."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import koji_adjutant
from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.config import Settings

CONTAINERS_FILES = "container_file_t"
LEVEL = "s0"
"""Without categories: what one container writes, another one reads."""

MODULE = Path(sys.prefix, "share/selinux/packages/koji-adjutant.cil")
MODULES_PATHS = ("/var/lib/koji-adjutant", "/var/tmp/koji")  # noqa: S108 - the defaults
"""Directories that the module knows; any other one has to be named to SELinux."""

OF_CONTAINER_SELINUX = "container_manage_cgroup"
"""A boolean that is there with container-selinux, and only then."""
CAPABILITIES = "virt_sandbox_use_all_caps"
"""A boolean without which a container's root lacks dac_override and fsetid, whatever podman gives it."""

PACKAGE = Path(koji_adjutant.__file__).parent
"""Its programs for containers are mounted into them."""
DAEMON = Path(sys.prefix, "bin/kojid")
PROGRAMS = "bin_t"
"""The type from which systemd starts a service. What `pip` writes in /opt has the type of any file there."""
INSTALLED = frozenset({"lib_t", "usr_t", PROGRAMS})
"""What every process may read."""

READ_BY_CONTAINERS = frozenset({CONTAINERS_FILES, "container_ro_file_t"})
READ_WITH = {
    "nfs_t": "virt_use_nfs",
    "cifs_t": "virt_use_samba",
    "public_content_t": "container_read_public_content",
    "public_content_rw_t": "container_read_public_content",
}
"""Booleans that let containers read files of a type."""

_SPECIAL = re.compile(r"[.^$*+?()\[\]{}|\\]")


def _label(path: Path) -> str:
    try:
        return os.getxattr(path, "security.selinux", follow_symlinks=False).decode().rstrip("\0")
    except OSError:
        return ""


def _expected(path: Path) -> str:
    try:
        return subprocess.run(
            ["matchpathcon", "-n", str(path)], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:
        return ""


@dataclass(frozen=True)
class SELinux:
    """What this machine's SELinux says.

    ``kernel`` is where its file system is mounted; ``label`` returns what a file has, "" for none,
    ``expected`` what it would have by the policy.
    """

    kernel: Path = Path("/sys/fs/selinux")
    label: Callable[[Path], str] = _label
    expected: Callable[[Path], str] = _expected

    def enforces(self) -> bool | None:
        """Return whether it enforces its policy; None where there is none."""
        try:
            return (self.kernel / "enforce").read_text().strip() == "1"
        except OSError:
            return None

    def boolean(self, name: str) -> bool | None:
        """Return what a boolean of the policy is; None for one that it has not."""
        try:
            return (self.kernel / "booleans" / name).read_text().split()[0] == "1"
        except OSError:
            return None


def check_selinux(settings: Settings, selinux: SELinux | None = None) -> Iterator[CheckResult]:
    """Look at labels and booleans; nothing is yielded where there is no SELinux."""
    selinux = selinux or SELinux()
    enforces = selinux.enforces()
    if enforces is None:
        return
    if not enforces:
        yield CheckResult(Level.OK, "selinux", "is permissive, and denies nothing")
        return
    if selinux.boolean(OF_CONTAINER_SELINUX) is None:
        yield CheckResult(
            Level.FAIL, "selinux", "has no rules for containers: `dnf install container-selinux`"
        )
        return
    if selinux.boolean(CAPABILITIES) is False:
        yield CheckResult(
            Level.FAIL,
            "selinux",
            f"keeps containers' root from what installing packages takes: `setsebool -P {CAPABILITIES} on`",
        )
    yield from _program(selinux)
    for directory in settings.kojid.build_directories:
        yield _directory(selinux, directory)
    yield from _topdir(selinux, Path(settings.kojid.topdir))


def _program(selinux: SELinux) -> Iterator[CheckResult]:
    label = selinux.label(PACKAGE)
    if _type_and_level(label)[0] not in INSTALLED | READ_BY_CONTAINERS:
        yield CheckResult(
            Level.FAIL,
            "selinux",
            f"{PACKAGE} has {label or 'no label'}, which containers may not read: install it "
            "anew, in /opt, and not by moving it there",
        )
    label = selinux.label(DAEMON)
    if DAEMON.exists() and _type_and_level(label)[0] != PROGRAMS:
        yield CheckResult(
            Level.WARN,
            "selinux",
            f"{DAEMON} has {label or 'no label'}, and is no service's program for systemd: "
            f"`restorecon -R {shlex.quote(sys.prefix)}`",
        )


def _directory(selinux: SELinux, directory: Path) -> CheckResult:
    wrong = _wrong(selinux, directory)
    if wrong is None:
        return CheckResult(Level.OK, "selinux", f"containers may use {directory}")
    commands = []
    if _type_and_level(selinux.expected(directory)) != (CONTAINERS_FILES, LEVEL):
        known = str(directory) in MODULES_PATHS
        commands.append(f"semodule -i {MODULE}" if known else _naming(directory, CONTAINERS_FILES))
    if directory.exists():
        label = selinux.label(wrong) or "no label"
        said = f"{wrong} has {label}, and containers may only write to {CONTAINERS_FILES}:{LEVEL}"
    else:
        said = f"{directory} is not there, and would be made with a label that containers may not use"
        commands.append(f"mkdir -p {shlex.quote(str(directory))}")
    commands.append(_restoring(directory))
    return CheckResult(Level.FAIL, "selinux", f"{said}: `{' && '.join(commands)}`")


def _wrong(selinux: SELinux, directory: Path) -> Path | None:
    """Return the directory, or the first file in it, if its label is wrong.

    What lies deeper was made after these, or is put right with them.
    """
    if not directory.is_dir():
        return directory
    for path in (directory, *sorted(directory.iterdir())):
        if _type_and_level(selinux.label(path)) != (CONTAINERS_FILES, LEVEL):
            return path
    return None


def _topdir(selinux: SELinux, topdir: Path) -> Iterator[CheckResult]:
    repos = topdir / "repos"
    if not repos.is_dir():
        return
    label = selinux.label(repos)
    kind, _level = _type_and_level(label)
    boolean = READ_WITH.get(kind)
    if kind in READ_BY_CONTAINERS or (boolean and selinux.boolean(boolean)):
        yield CheckResult(Level.OK, "selinux", f"containers may read {topdir}")
        return
    remedy = (
        f"setsebool -P {boolean} on"
        if boolean
        else f"{_naming(topdir, 'container_ro_file_t')} && {_restoring(topdir)}"
    )
    yield CheckResult(
        Level.WARN,
        "selinux",
        f"{repos} has {label or 'no label'}, which containers may not read, so createrepo tasks would fail: "
        f"`{remedy}`",
    )


def _type_and_level(label: str) -> tuple[str, str]:
    """Return two parts of a label, ``user:role:type:level``; empty ones of what is none."""
    parts = label.split(":", 3)
    return (parts[2], parts[3]) if len(parts) == 4 else ("", "")


def _naming(directory: Path, kind: str) -> str:
    pattern = _SPECIAL.sub(r"\\\g<0>", str(directory)) + "(/.*)?"
    return f"semanage fcontext -a -t {kind} {shlex.quote(pattern)}"


def _restoring(directory: Path) -> str:
    return f"restorecon -RF {shlex.quote(str(directory))}"
