"""The container that a build runs in."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.record import WAIT
from koji_adjutant.buildroot.specification.allowances import allowances
from koji_adjutant.buildroot.specification.config import CHROOT_HOME, BuildrootConfig
from koji_adjutant.buildroot.tool.furnish import HOSTS
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import ROOT, ContainerSpec, DirectoryRoot, NetworkMode, VolumeMount

NOBODY = "65534:65534"

SCRATCH = (PurePosixPath("/tmp"), PurePosixPath("/var/tmp"))  # noqa: S108
"""Where else builds may write: on disk, and kept when packages are installed between two commands."""


@dataclass(frozen=True)
class Privileges:
    """What a task may do in its buildroot that builds may not: its commands run as root there.

    ``mounts`` are directories of the host that the operator lets it see.
    """

    capabilities: frozenset[str] = frozenset()
    mounts: Sequence[VolumeMount] = ()


def build_container(
    workspace: Workspace, config: BuildrootConfig, privileges: Privileges | None, root: Path, home: Path
) -> ContainerSpec:
    """Return the container over ``root``, which waits for commands; ``home`` is /builddir in it."""
    return ContainerSpec(
        root=DirectoryRoot(root),
        command=WAIT,
        owner=workspace.owner,
        role="build",
        # who owns / can replace /usr: so PID 1 is a root without capabilities, and only what is run in
        # the container later is the build user's. It is a program of the packages': where the host has
        # lent something, it is nobody
        user=NOBODY if config.build_mounts else "0:0",
        workdir=ROOT if config.build_mounts else CHROOT_HOME,
        environment=config.environment,
        mounts=[
            VolumeMount(home, CHROOT_HOME),
            *(VolumeMount(scratch(workspace, path), path) for path in SCRATCH),
            *_names_mount(workspace, config, privileges),
            *(privileges.mounts if privileges else config.build_mounts),
            *(workspace.source_mounts if config.network else ()),
        ],
        devices=config.build_devices,
        capabilities=privileges.capabilities if privileges else frozenset(),
        allowances=allowances(config),
        network=network_of(workspace, config),
        limits=workspace.limits,
        # what RPMs carry as Build Host
        hostname=platform.node(),
    )


def network_of(workspace: Workspace, config: BuildrootConfig) -> NetworkMode:
    """Return what of the network builds see."""
    return workspace.network_mode if config.network else "none"


def isolation(workspace: Workspace, config: BuildrootConfig) -> dict[str, Any]:
    """Say what kept a build apart from its host, and what it was lent, for whoever wants to judge that."""
    return {
        "network": network_of(workspace, config),
        "allowances": sorted(allowances(config)),
        "mounts": [str(mount.target) for mount in config.build_mounts],
        "devices": [str(device) for device in config.build_devices],
    }


def scratch(workspace: Workspace, path: PurePosixPath) -> Path:
    """Return the host's directory of one of SCRATCH."""
    return workspace.workdir / path.relative_to("/").as_posix().replace("/", "-")


def _names_mount(
    workspace: Workspace, config: BuildrootConfig, privileges: Privileges | None
) -> Sequence[VolumeMount]:
    """Return what lets a build without a network resolve its own host's name, as rpmbuild does.

    With a network that is the engine's business, and with privileges the command's own.
    """
    if config.network or privileges:
        return ()
    hosts = workspace.workdir / "hosts"
    hosts.write_text(f"{HOSTS}127.0.1.1 {platform.node()}\n")
    return (VolumeMount(hosts, PurePosixPath("/etc/hosts"), read_only=True),)
