"""The rules that the other suites' containers are held against find what is against them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.toolbox import INSTALL_CAPABILITIES
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.container.interface import LABEL_PREFIX
from tests.support.container_rules import Grant, violations

HOME = {"Source": "/work/home", "Destination": "/builddir", "RW": True}
DETAILS: dict[str, Any] = {
    "Name": "it",
    "Config": {"Labels": {f"{LABEL_PREFIX}role": "build"}},
    "EffectiveCaps": None,
    "BoundingCaps": None,
    "Mounts": [HOME, {"Source": "/etc", "Destination": "/data", "RW": False}],
    "HostConfig": {
        "Privileged": False,
        "Devices": [],
        "SecurityOpt": ["no-new-privileges"],
        "NetworkMode": "none",
    },
}
GIVEN: dict[str, Any] = {
    "process": {"noNewPrivileges": True, "capabilities": {}},
    "linux": {
        "seccomp": {"syscalls": [{}]},
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": ["/proc/kcore", "/sys/firmware"],
        "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
        "resources": {"pids": {"limit": 100}},
    },
}

Change = Callable[[dict[str, Any], dict[str, Any]], object]


def found(*changes: Change, grants: Mapping[str, Grant] | None = None) -> list[str]:
    details, given = copy.deepcopy(DETAILS), copy.deepcopy(GIVEN)
    for change in changes:
        change(details, given)
    lines = violations(details, given, grants=grants or {}, writable=[Path("/work")])
    return [line.partition("): ")[2] for line in lines]


def role(name: str) -> Change:
    return lambda details, _given: details["Config"]["Labels"].update({f"{LABEL_PREFIX}role": name})


def network(mode: str) -> Change:
    return lambda details, _given: details["HostConfig"].update(NetworkMode=mode)


def capabilities(*names: str) -> Change:
    return lambda _details, given: given["process"].update(capabilities={"bounding": list(names)})


def test_a_build_that_keeps_the_rules() -> None:
    assert found() == []


DEVICE = {"PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm", "CgroupPermissions": ""}

AGAINST: dict[str, tuple[Change, str]] = {
    "privileged": (lambda details, _: details["HostConfig"].update(Privileged=True), "is privileged"),
    "devices": (lambda details, _: details["HostConfig"].update(Devices=[DEVICE]), "has devices of the host"),
    "setuid": (lambda _, given: given["process"].pop("noNewPrivileges"), "may get new privileges"),
    "system calls": (lambda _, given: given["linux"].pop("seccomp"), "has no seccomp profile"),
    "unconfined": (
        lambda details, _: details["HostConfig"].update(SecurityOpt=["seccomp=unconfined"]),
        "is unconfined",
    ),
    "processes": (lambda _, given: given["linux"]["namespaces"].pop(0), "shares namespaces with the host"),
    "the host's mounts": (
        lambda _, given: given["linux"]["namespaces"][-1].update(path="/proc/1/ns/mnt"),
        "shares namespaces with the host: ['mount']",
    ),
    "memory": (lambda _, given: given["linux"].update(maskedPaths=[]), "sees ['/proc/kcore'"),
    "settings": (lambda _, given: given["linux"].update(readonlyPaths=[]), "may write to ['/proc/sys'"),
    "a forbidden capability": (capabilities("CAP_SYS_ADMIN"), "has ['CAP_SYS_ADMIN']"),
    "an effective one": (
        lambda details, _: details.update(EffectiveCaps=["CAP_CHOWN"]),
        "has capabilities that it must not have: ['CAP_CHOWN']",
    ),
    "a network": (network("bridge"), "has the network bridge"),
    "no limit": (lambda _, given: given["linux"].pop("resources"), "may have any number of processes"),
    "a place": (
        lambda details, _: details["Mounts"].append({"Source": "/etc", "Destination": "/x", "RW": True}),
        "may write to /etc of the host, at /x",
    ),
    "packages": (
        lambda details, _: details["Mounts"].append(
            {"Source": "/work/p", "Destination": "/packages", "RW": True}
        ),
        "may write to /work/p of the host, at /packages",
    ),
}


@pytest.mark.parametrize("name", AGAINST)
def test_against_the_rules(name: str) -> None:
    change, words = AGAINST[name]
    lines = found(change)
    assert any(line.startswith(words) for line in lines), lines


def test_what_depends_on_the_role() -> None:
    assert found(role("install"), capabilities(*INSTALL_CAPABILITIES)) == []
    assert found(role("resolve"), capabilities(*INSTALL_CAPABILITIES)) != []
    assert found(role("checkout"), network("bridge")) == []
    assert found(role("install"), network("bridge")) != []


def test_what_was_asked_for_with_a_buildroot() -> None:
    asked = {"/work/home": Grant(ROOT_CAPABILITIES, network=True)}
    changes = (capabilities(*ROOT_CAPABILITIES), network("bridge"))
    assert found(*changes, grants=asked) == []
    assert len(found(*changes, grants={"/elsewhere": asked["/work/home"]})) == 2
