"""What every container of ours has to be, held against podman's own account of it.

``details`` is what podman's inspect says, ``given`` the config.json that podman gave the OCI runtime.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.failed import READ_EVERYTHING
from koji_adjutant.buildroot.specification.config import CHROOT_HOME
from koji_adjutant.buildroot.toolbox import INSTALL_CAPABILITIES
from koji_adjutant.container.interface import LABEL_PREFIX

UNTRUSTED = "build"
TEST = "test"
"""The role of containers that test the engine itself: they may have what no task's container has."""
UNCOUNTED = frozenset({TEST, "image"})
"""Roles that may start any number of processes: an image is tried out before there is a task."""

CAPABILITIES = {"install": INSTALL_CAPABILITIES, "keep": READ_EVERYTHING, "save": READ_EVERYTHING}
"""What a role may have at most; roles that are not here have none."""

NEVER = frozenset(
    f"CAP_{name}"
    for name in (
        *("SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "SYS_BOOT", "SYS_TIME", "SYS_RESOURCE"),
        *("SYS_NICE", "NET_ADMIN", "NET_RAW", "MKNOD", "DAC_READ_SEARCH", "BPF", "PERFMON", "SYSLOG"),
        *("AUDIT_CONTROL", "MAC_ADMIN", "MAC_OVERRIDE", "LINUX_IMMUTABLE", "CHECKPOINT_RESTORE"),
    )
)
"""What no container has, whatever it is for."""

NETWORKS = {
    "checkout": {"bridge", "host"},
    "createrepo": {"none", "host"},
    "holder": {"none"},
}
"""The networks that a role may have; of roles that are not here, and of builds, see ``_network``."""

NAMESPACES = frozenset({"pid", "ipc", "uts", "mount"})
HIDDEN = frozenset({"/proc/kcore", "/sys/firmware"})
READ_ONLY = frozenset({"/proc/sys", "/proc/sysrq-trigger"})


@dataclass(frozen=True)
class Grant:
    """What was asked for with a buildroot: capabilities (runroot's), a network, devices."""

    capabilities: frozenset[str] = frozenset()
    network: bool = False
    devices: frozenset[str] = frozenset()


def violations(
    details: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    grants: Mapping[str, Grant],
    writable: Sequence[Path],
    pids_controller: bool = True,
) -> list[str]:
    """What is wrong with a container, a line for each.

    ``grants`` are by the host's directory that is /builddir, ``writable`` the host's directories below which
    containers may write; ``pids_controller`` says whether this host can limit processes.
    """
    role = (details["Config"].get("Labels") or {}).get(f"{LABEL_PREFIX}role", "")
    grant = grants.get(_home(details), Grant())
    return [
        f"container {details['Name']} ({role or 'no role'}): {what}"
        for what in (
            *_isolation(details, given, grant.devices if role == UNTRUSTED else frozenset()),
            *_capabilities(details, given, role, grant),
            *_network(details, role, grant),
            *_limits(given, role, pids_controller),
            *_mounts(details, role, writable),
        )
    ]


def _home(details: Mapping[str, Any]) -> str:
    found = (one["Source"] for one in details["Mounts"] if one["Destination"] == str(CHROOT_HOME))
    return next(found, "")


def _isolation(
    details: Mapping[str, Any], given: Mapping[str, Any], devices: frozenset[str]
) -> Iterator[str]:
    host, linux = details["HostConfig"], given["linux"]
    if host["Privileged"]:
        yield "is privileged"
    if more := {device["PathInContainer"] for device in host["Devices"]} - devices:
        yield f"has devices of the host: {sorted(more)}"
    if not given["process"].get("noNewPrivileges"):
        yield "may get new privileges by setuid programs"
    if not linux.get("seccomp", {}).get("syscalls"):
        yield "has no seccomp profile"
    if "unconfined" in str(host["SecurityOpt"]):
        yield f"is unconfined: {host['SecurityOpt']}"
    own = {namespace["type"] for namespace in linux["namespaces"] if not namespace.get("path")}
    if missing := NAMESPACES - own:
        yield f"shares namespaces with the host: {sorted(missing)}"
    if missing := HIDDEN - {*linux.get("maskedPaths", ())}:
        yield f"sees {sorted(missing)}"
    if missing := READ_ONLY - {*linux.get("readonlyPaths", ())}:
        yield f"may write to {sorted(missing)}"


def _capabilities(
    details: Mapping[str, Any], given: Mapping[str, Any], role: str, grant: Grant
) -> Iterator[str]:
    sets: Mapping[str, Sequence[str]] = given["process"].get("capabilities") or {}
    has = {one for names in sets.values() for one in names}
    has |= {*(details.get("EffectiveCaps") or ()), *(details.get("BoundingCaps") or ())}
    if never := has & NEVER:
        yield f"has {sorted(never)}"
    if role == TEST:
        return
    allowed = grant.capabilities if role == UNTRUSTED else CAPABILITIES.get(role, frozenset())
    if more := has - allowed:
        yield f"has capabilities that it must not have: {sorted(more)}"


def _network(details: Mapping[str, Any], role: str, grant: Grant) -> Iterator[str]:
    mode = details["HostConfig"]["NetworkMode"]
    if role == TEST:
        return
    if role == UNTRUSTED:
        allowed = {"none", "bridge", "host"} if grant.network else {"none"}
    else:
        allowed = NETWORKS.get(role, {"none"})
    if mode not in allowed:
        yield f"has the network {mode}, and may have {sorted(allowed)}"


def _limits(given: Mapping[str, Any], role: str, pids_controller: bool) -> Iterator[str]:
    limit = given["linux"].get("resources", {}).get("pids", {}).get("limit", 0)
    if role not in UNCOUNTED and pids_controller and limit <= 0:
        yield "may have any number of processes"


def _mounts(details: Mapping[str, Any], role: str, writable: Sequence[Path]) -> Iterator[str]:
    for mount in details["Mounts"]:
        source, target = Path(mount["Source"]), mount["Destination"]
        if not mount["RW"] or not source.is_absolute():
            continue
        if target == "/packages" or not any(source.is_relative_to(place) for place in writable):
            yield f"may write to {source} of the host, at {target}"
