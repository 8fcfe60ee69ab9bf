"""Seccomp profiles of our own: podman's, with the differences that ``seccomp_rules.py`` lists.

Podman's own profile, a file of the package containers-common, is the start, so that whoever looks after that
sees to new system calls. What we say something about is taken out of it altogether, and ours put in.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from koji_adjutant.container.installing import to_install
from koji_adjutant.container.interface import Allowance
from koji_adjutant.container.seccomp_rules import DIFFERENCES, Argument, CallRule, Difference
from koji_adjutant.errors import EngineError

PODMANS = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
"""Where podman looks for its profile, in this order: the operator's own comes first."""

Profile = Mapping[str, Any]
"""A profile as podman reads it from JSON."""


class SeccompProfiles:
    """Profiles as files in ``directory``, made when they are first wanted.

    A file's name is made from what is in it, so that it stays right for whoever has it from a log.
    """

    def __init__(self, directory: Path, podmans: Sequence[Path] = PODMANS) -> None:
        self._directory = directory
        self._podmans = podmans
        self._made: dict[frozenset[Allowance], Path] = {}

    def path(self, allowances: frozenset[Allowance]) -> Path:
        """Return the file for containers with these allowances.

        Raises EngineError if podman's own profile is not there, or the file cannot be written.
        """
        if allowances not in self._made:
            profile = derived(self._of_podman(), differences(allowances))
            self._made[allowances] = self._written(json.dumps(profile, indent=1))
        return self._made[allowances]

    def _of_podman(self) -> Profile:
        for path in self._podmans:
            try:
                profile: Profile = json.loads(path.read_bytes())
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as problem:
                raise EngineError(f"podman's seccomp profile {path} cannot be read: {problem}") from problem
            return profile
        install = to_install("golang-github-containers-common", fedora=["containers-common"])
        raise EngineError(
            f"podman's seccomp profile, of which ours is made, is not at {self._podmans[-1]}: {install}"
        )

    def _written(self, text: str) -> Path:
        path = self._directory / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
        try:
            if not _has(path, text):
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                if path.is_dir():
                    shutil.rmtree(path)
                with tempfile.NamedTemporaryFile("w", dir=self._directory, delete=False) as file:
                    file.write(text)
                os.rename(file.name, path)  # noqa: PTH104 - another process may do the same
        except OSError as problem:
            raise EngineError(
                f"the seccomp profile {path} cannot be written: {problem.strerror}"
            ) from problem
        return path


def _has(path: Path, text: str) -> bool:
    """Return whether a file is there, and is what was written to it."""
    try:
        return path.read_bytes() == text.encode()
    except (FileNotFoundError, IsADirectoryError):
        return False


def differences(allowances: Collection[Allowance]) -> list[Difference]:
    """Return the differences from podman's profile that remain with these allowances."""
    return [each for each in DIFFERENCES if each.allowance not in allowances]


def derived(podmans: Profile, wanted: Sequence[Difference]) -> Profile:
    """Return podman's profile with the differences."""
    ours = {call for difference in wanted for rule in difference.rules for call in rule.calls}
    rest = [
        {**entry, "names": [name for name in entry["names"] if name not in ours]}
        for entry in podmans["syscalls"]
    ]
    return {
        **podmans,
        "syscalls": [
            *(entry for entry in rest if entry["names"]),
            *(
                _entry(rule, difference.why)
                for difference in wanted
                for rule in difference.rules
                # libseccomp refuses to be told what is so anyway
                if rule.error is None or rule.error != podmans.get("defaultErrnoRet")
            ),
        ],
    }


def _entry(rule: CallRule, why: str) -> dict[str, Any]:
    if rule.error is None:
        outcome: dict[str, Any] = {"action": "SCMP_ACT_ALLOW"}
    else:
        name = errno.errorcode[rule.error]
        outcome = {"action": "SCMP_ACT_ERRNO", "errnoRet": rule.error, "errno": name}
    return {
        "names": list(rule.calls),
        **outcome,
        "args": [_condition(argument) for argument in rule.arguments],
        "comment": why,
        "includes": {"arches": list(rule.arches)} if rule.arches else {},
        "excludes": {"arches": list(rule.not_arches)} if rule.not_arches else {},
    }


def _condition(argument: Argument) -> dict[str, Any]:
    if argument.mask is None:
        values = {"value": argument.value, "valueTwo": 0}
        return {"index": argument.index, **values, "op": f"SCMP_CMP_{argument.comparison}"}
    values = {"value": argument.mask, "valueTwo": argument.value}
    return {"index": argument.index, **values, "op": "SCMP_CMP_MASKED_EQ"}
