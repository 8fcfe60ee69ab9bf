"""What a private podman service needs in its configuration on this particular host.

An ordinary Fedora, EL or Debian host needs next to nothing of it. Hybrid cgroups and an old crun need runc, a
host without systemd needs the cgroupfs manager, and where limits can't be raised podman's defaults must be
lowered.
"""

from __future__ import annotations

import hashlib
import re
import resource
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.container.installing import to_install
from koji_adjutant.errors import EngineError

EXIT_COMMAND_DELAY = 60
"""Seconds for which an exec leaves its monitor, and its exit code, behind; podman's default is 300. Who asks
later gets none: 10 was too little on a machine with much to do."""

PROC = Path("/proc")
OLDEST_CRUN = (1, 21)
"""That builds were seen to work with; where there is only an older one, `check` finds out."""
_CRUN_VERSION = re.compile(r"version (\d+)\.(\d+)")
CAP_SYS_RESOURCE = 24
"""From Linux's <linux/capability.h>."""

NOFILE_SOFT, NOFILE_HARD = 1024, 524_288
"""What systemd gives a kojid, and so mock's builds. A huge soft limit makes programs that close every
descriptor slow."""


@dataclass(frozen=True)
class HostTraits:
    """What containers need on this host.

    ``runtime`` and ``cgroup_manager`` are None where the engine's own choice is right; ``rlimits`` are (soft,
    hard) by podman's names.
    """

    runtime: str | None
    cgroup_manager: str | None
    rlimits: Mapping[str, tuple[int, int]]


def has_hybrid_cgroups(mountinfo: str) -> bool:
    """Return whether there are version 1 controllers beside a version 2 hierarchy.

    ``mountinfo`` is the text of /proc/self/mountinfo.
    """
    kinds = {line.partition(" - ")[2].split(" ", 1)[0] for line in mountinfo.splitlines()}
    return {"cgroup", "cgroup2"} <= kinds


def rlimits() -> dict[str, tuple[int, int]]:
    """Return the limits that this process could set without privilege: (soft, hard) by podman's names.

    What it may hand down, it has. podman lowers its own process limit to the kernel's pid_max when it starts,
    so that bounds nproc.
    """
    pid_max = int(Path("/proc/sys/kernel/pid_max").read_text())
    files, processes = (_hard(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
    hard_files = min(files, NOFILE_HARD)
    hard_processes = min(processes, pid_max)
    return {"nofile": (min(NOFILE_SOFT, hard_files), hard_files), "nproc": (hard_processes, hard_processes)}


def may_lift_limits(proc: Path = PROC) -> bool:
    """Return whether this process, and so the engine that it starts, may allow others more than it has."""
    status = dict(line.split(":", 1) for line in (proc / "self/status").read_text().splitlines())
    in_the_host = (proc / "self/uid_map").read_text().split() == ["0", "0", str(2**32 - 1)]
    return in_the_host and bool(int(status["CapEff"], 16) >> CAP_SYS_RESOURCE & 1)


def _hard(kind: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return hard if hard != resource.RLIM_INFINITY else 2**31


def has_old_crun() -> bool:
    """Return whether podman would run containers with a crun that cannot be relied on.

    Debian 12's (1.8) mounts no /proc below a directory of the host, which installing packages takes.
    """
    if shutil.which("crun") is None:
        return False
    said = subprocess.run(["crun", "--version"], capture_output=True, text=True, check=False).stdout
    version = _CRUN_VERSION.search(said)
    return version is not None and (int(version[1]), int(version[2])) < OLDEST_CRUN


def inspect_host() -> HostTraits:
    """Look at this host. Raises EngineError if no container can run on it as it is."""
    runtime = None
    if has_hybrid_cgroups(Path("/proc/self/mountinfo").read_text()):
        if shutil.which("runc") is None:
            raise EngineError(
                "this host has hybrid cgroups, which crun cannot use, and runc is not installed: "
                f"{to_install('runc')}"
            )
        runtime = "runc"
    elif has_old_crun() and shutil.which("runc"):
        runtime = "runc"
    cgroup_manager = None if Path("/run/systemd/system").is_dir() else "cgroupfs"
    return HostTraits(runtime, cgroup_manager, rlimits())


def _quote(value: object) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def containers_conf(host: HostTraits, directory: Path) -> str:
    """Return the text of the service's containers.conf.

    ``directory`` holds everything that is the service's own.
    """
    ulimits = ", ".join(
        _quote(f"{kind}={soft}:{hard}") for kind, (soft, hard) in sorted(host.rlimits.items())
    )
    lines = [
        "# Written by koji-adjutant each time it starts its podman service; changes are lost.",
        "[containers]",
        f"default_ulimits = [{ulimits}]",
        'log_driver = "k8s-file"',
        "http_proxy = false",
        "pids_limit = 0",
        "[engine]",
        f"tmp_dir = {_quote(directory / 'tmp')}",
        f"exit_command_delay = {EXIT_COMMAND_DELAY}",
        'events_logger = "file"',
        "# The default, a segment of shared memory, is one for all podman storages of a user.",
        'lock_type = "file"',
    ]
    if host.runtime:
        lines.append(f"runtime = {_quote(host.runtime)}")
    if host.cgroup_manager:
        lines.append(f"cgroup_manager = {_quote(host.cgroup_manager)}")
    lines += ["[network]", f"network_config_dir = {_quote(directory / 'networks')}"]
    return "\n".join(lines) + "\n"


def bridge_subnets(directory: Path) -> list[str]:
    """Return candidate subnets for the service's bridge network, best first.

    Derived from the directory, since two services know nothing of each other and must not hand out the
    same addresses; several, since one may be in use on the host.
    """
    number = int.from_bytes(hashlib.sha256(str(directory).encode()).digest()[:2], "big") % 16384
    return [
        f"10.{192 + (n >> 8)}.{n & 255}.0/24" for n in ((number + 4099 * step) % 16384 for step in range(4))
    ]


def bridge_interface(directory: Path) -> str:
    """Return the bridge's interface name (at most 15 characters), unique for the directory."""
    return "kadj" + hashlib.sha256(str(directory).encode()).hexdigest()[:8]
