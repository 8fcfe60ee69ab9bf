"""A ContainerSpec in podman's two languages: the libpod API's JSON, and a command line to paste."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from koji_adjutant.container.interface import (
    LABEL_PREFIX,
    ContainerSpec,
    ContainerState,
    DirectoryRoot,
    ResourceLimits,
    VolumeMount,
)
from koji_adjutant.container.seccomp import SeccompProfiles

UNLIMITED = 2**64 - 1
"""-1 as an unsigned number."""

CPU_PERIOD = 100_000
"""Microseconds; the kernel's default period for CPU quotas."""

OOM_SCORE = 500
"""When memory is short the kernel kills what runs in containers before the worker or podman; 1000 is most."""
# crun (1.21) does not give it to what is executed later
_KILLED_FIRST = f"{{ echo {OOM_SCORE} >/proc/self/oom_score_adj; }} 2>/dev/null; "

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a container's own

SELINUX_LABEL = "level:s0"
"""Where SELinux labels containers: no categories, which podman would draw anew for each. What one container
installs, the next one could not read then."""


@dataclass(frozen=True)
class EngineTraits:
    """What has to be said to one particular engine in every request.

    ``rlimits`` maps nofile/nproc to (soft, hard), sent by the client because podman's API ignores
    containers.conf's ``default_ulimits``; ``may_lift_nproc`` says that more processes may be allowed.
    ``network`` names the bridge network, made when first needed with this interface and the first of the
    subnets that is free; None for the engine's own.
    ``command_line`` is the start of a command that reaches the same engine from a shell.
    ``profiles`` are our seccomp profiles; None, on another machine, leaves containers that engine's own.
    """

    rlimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    may_lift_nproc: bool = False
    network: str | None = None
    bridge_interface: str = ""
    bridge_subnets: Sequence[str] = ()
    command_line: Sequence[str] = ("podman",)
    profiles: SeccompProfiles | None = None


def labels(spec: ContainerSpec, extra: Mapping[str, str]) -> dict[str, str]:
    """Merge the labels of a container: the operator's, the spec's, and ours, which win."""
    ours = {
        "task_id": spec.owner.task_id,
        "worker_id": spec.owner.worker_id,
        "role": spec.role,
        "managed": "true",
    }
    return {**extra, **spec.labels, **{LABEL_PREFIX + key: value for key, value in ours.items()}}


def without_input(command: Sequence[str]) -> list[str]:
    """Wrap a command so that it reads nothing: from the container's own /dev/null.

    Its standard input would otherwise be the host's, which runc 1.1.3 to 1.1.4 and crun before 1.24 give to
    the user that the command runs as, and which that user could then make unusable for the whole host. So the
    engine is asked for a pipe, which nobody writes to.
    """
    return ["/bin/sh", "-c", f'{_KILLED_FIRST}exec "$@" </dev/null', "sh", *command]


def in_one_stream(command: Sequence[str]) -> list[str]:
    """Wrap a command so that it reads nothing, and its stderr goes to the same pipe as its stdout.

    Through two pipes the engine's monitor mixes up which line came first.
    """
    return ["/bin/sh", "-c", f'{_KILLED_FIRST}exec "$@" </dev/null 2>&1', "sh", *command]


def at_niceness(niceness: int, command: Sequence[str]) -> list[str]:
    """Wrap a command in nice(1), unless ``niceness`` is 0.

    The engine's service starts everything at its own priority.
    """
    return ["nice", "-n", str(niceness), *command] if niceness else list(command)


def _mount(mount: VolumeMount) -> dict[str, Any]:
    # "dev": podman would add nodev, and then scriptlets in a mounted root could not use its /dev/null.
    options = ["rbind", "rprivate", "dev", "ro" if mount.read_only else "rw"]
    if mount.selinux_label:
        options.append(mount.selinux_label)
    return {"type": "bind", "source": str(mount.source), "destination": str(mount.target), "options": options}


def _proc(target: PurePosixPath) -> dict[str, Any]:
    # Read-only, since what the engine hides in the container's first /proc is not hidden in this one.
    return {
        "type": "proc",
        "source": "proc",
        "destination": str(target),
        "options": ["nosuid", "noexec", "nodev", "ro"],
    }


def _shared_memory(limits: ResourceLimits) -> list[str]:
    """Return the options of a container's /dev/shm, which is for programs as well, as elsewhere.

    podman's has 64 MB and runs nothing: too little for tests of databases and browsers. What is there counts
    towards the container's memory.
    """
    # half of what the container may have, as the kernel's default is half of the machine's
    size = "50%" if limits.memory_bytes is None else str(limits.memory_bytes // 2)
    return ["rw", "exec", "nosuid", "nodev", "mode=1777", f"size={size}"]


def _shared_memory_mount(limits: ResourceLimits) -> dict[str, Any]:
    return {"type": "tmpfs", "source": "shm", "destination": SHARED_MEMORY, "options": _shared_memory(limits)}


def _rlimits(limits: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {"type": kind, "soft": soft & UNLIMITED, "hard": hard & UNLIMITED}
        for kind, (soft, hard) in sorted(limits.items())
    ]


def _all_rlimits(limits: ResourceLimits, traits: EngineTraits) -> dict[str, tuple[int, int]]:
    """Return the engine's and the container's rlimits, which win.

    The kernel counts processes by user, so a limit of nproc would be one for all builds of this machine
    together. Where the container has a limit of its own, there is none.
    """
    lifted = {"nproc": (-1, -1)} if limits.pids and traits.may_lift_nproc else {}
    return {**traits.rlimits, **lifted, **limits.rlimits}


def _resources(limits: ResourceLimits) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    if limits.memory_bytes is not None:
        resources["memory"] = {"limit": limits.memory_bytes}
    cpu: dict[str, int] = {}
    if limits.cpus is not None:
        cpu |= {"quota": int(limits.cpus * CPU_PERIOD), "period": CPU_PERIOD}
    if limits.cpu_shares is not None:
        cpu |= {"shares": limits.cpu_shares}
    if cpu:
        resources["cpu"] = cpu
    if limits.pids is not None:
        resources["pids"] = {"limit": limits.pids}
    return resources


def _capability(name: str) -> str:
    name = name.upper()
    return name if name.startswith("CAP_") else f"CAP_{name}"


def create_request(
    spec: ContainerSpec, name: str, traits: EngineTraits, extra_labels: Mapping[str, str], *, keep_log: bool
) -> dict[str, Any]:
    """Make the body of POST /libpod/containers/create.

    ``keep_log``: whether the engine keeps the output, for ``stream_logs``.
    """
    request: dict[str, Any] = {
        "name": name,
        "entrypoint": [],
        "command": list(spec.command),
        # a pipe, and not the host's /dev/null: see without_input
        "stdin": True,
        "user": spec.user,
        "work_dir": str(spec.workdir),
        "env": dict(spec.environment),
        "httpproxy": False,
        "labels": labels(spec, extra_labels),
        "mounts": [
            *map(_mount, spec.mounts),
            *map(_proc, spec.proc_at),
            _shared_memory_mount(spec.limits),
        ],
        "devices": [{"path": str(device)} for device in spec.devices],
        "netns": {"nsmode": spec.network},
        "cap_drop": ["ALL"],
        "cap_add": sorted(_capability(name) for name in spec.capabilities),
        "no_new_privileges": True,
        "selinux_opts": [SELINUX_LABEL],
        "r_limits": _rlimits(_all_rlimits(spec.limits, traits)),
        "resource_limits": _resources(spec.limits),
        "oom_score_adj": OOM_SCORE,
        "log_configuration": {"driver": "k8s-file" if keep_log else "none"},
        "systemd": "false",
        # Without a network the host's names are of no use, and they are nobody's business.
        "use_image_hosts": spec.network == "none",
    }
    if isinstance(spec.root, DirectoryRoot):
        request |= {"rootfs": str(spec.root.path)}
    else:
        request |= {"image": spec.root.reference, "image_volume_mode": "ignore"}
    if spec.network == "bridge" and traits.network:
        request["networks"] = {traits.network: {}}
    if spec.hostname:
        request["hostname"] = spec.hostname
    if traits.profiles:
        request["seccomp_profile_path"] = str(traits.profiles.path(spec.allowances))
    return request


def _limit_options(limits: ResourceLimits, traits: EngineTraits) -> list[str]:
    line = []
    if limits.memory_bytes is not None:
        line += ["--memory", f"{limits.memory_bytes}b"]
    if limits.cpus is not None:
        line += ["--cpus", f"{limits.cpus:g}"]
    if limits.cpu_shares is not None:
        line += ["--cpu-shares", str(limits.cpu_shares)]
    if limits.pids is not None:
        line += ["--pids-limit", str(limits.pids)]
    line += ["--oom-score-adj", str(OOM_SCORE)]
    # all of them: with one on the command line, podman forgets those of containers.conf
    for kind, (soft, hard) in sorted(_all_rlimits(limits, traits).items()):
        line += ["--ulimit", f"{kind}={soft}:{hard}"]
    return line


def run_command(spec: ContainerSpec, traits: EngineTraits, *, terminal: bool = False) -> list[str]:
    """Make a ``podman run`` that does by hand what the spec says, in a container that is removed afterwards.

    Except for ``proc_at``, which podman's command line has no words for. ``terminal``: on the caller's.
    """
    line = [*traits.command_line, "run", "--rm", *(["-it"] if terminal else [])]
    line += ["--user", spec.user, "--workdir", str(spec.workdir)]
    line += ["--cap-drop", "all", *(f"--cap-add={_capability(name)}" for name in sorted(spec.capabilities))]
    line += ["--security-opt", "no-new-privileges", "--http-proxy=false", "--systemd", "false"]
    line += ["--security-opt", f"label={SELINUX_LABEL}"]
    if traits.profiles:
        line += ["--security-opt", f"seccomp={traits.profiles.path(spec.allowances)}"]
    network = traits.network if spec.network == "bridge" and traits.network else spec.network
    line += ["--network", network, *(["--no-hosts"] if spec.network == "none" else [])]
    if spec.hostname:
        line += ["--hostname", spec.hostname]
    for key, value in sorted(spec.environment.items()):
        line += ["--env", f"{key}={value}"]
    for mount in spec.mounts:
        options = ",".join(_mount(mount)["options"])
        line += ["--volume", f"{mount.source}:{mount.target}:{options}"]
    for device in spec.devices:
        line += ["--device", str(device)]
    line += ["--tmpfs", f"{SHARED_MEMORY}:{','.join(_shared_memory(spec.limits))}"]
    line += _limit_options(spec.limits, traits)
    if isinstance(spec.root, DirectoryRoot):
        # An entrypoint cannot come from a directory; options behind --rootfs would be taken for the command.
        return [*line, "--rootfs", str(spec.root.path), *spec.command]
    return [*line, "--pull", "never", "--entrypoint", "", "--", spec.root.reference, *spec.command]


def exec_command(
    traits: EngineTraits,
    container: str,
    command: Sequence[str],
    *,
    user: str,
    workdir: PurePosixPath,
    environment: Mapping[str, str],
    terminal: bool,
) -> list[str]:
    """Make a ``podman exec`` that gives a running container's command the caller's stdin, or terminal."""
    line = [*traits.command_line, "exec", "--interactive", *(["--tty"] if terminal else [])]
    line += ["--user", user, "--workdir", str(workdir)]
    for key, value in sorted(environment.items()):
        line += ["--env", f"{key}={value}"]
    return [*line, container, *command]


def container_state(
    identifier: str, name: str, status: str, exit_code: int, labels: Mapping[str, str] | None
) -> ContainerState:
    """Return the state; what podman calls stopped has ended, and is exited once it has tidied up."""
    if status in ("exited", "stopped"):
        return ContainerState(identifier, name, "exited", exit_code, labels or {})
    return ContainerState(identifier, name, status, None, labels or {})


def new_name(spec: ContainerSpec) -> str:
    """Make a name that is unique, and can be read in ``podman ps``."""
    words = f"adjutant-{spec.owner.task_id}-{spec.role}"
    return "".join(c if c.isalnum() or c in "_.-" else "-" for c in words) + f"-{uuid.uuid4().hex[:8]}"
