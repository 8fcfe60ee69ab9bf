"""Running our programs in containers of the tool image, on a root that they see as /buildroot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink, VolumeMount, write_line
from koji_adjutant.errors import ContainerTimeout, InstallTimeout

PROGRAMS = Path(__file__).parent / "tool"

INSTALL_CAPABILITIES = frozenset(
    {
        "CAP_CHOWN",  # rpm gives files their owners
        "CAP_DAC_OVERRIDE",  # … in directories that others own
        "CAP_FOWNER",  # … and sets the mode of files that it has given away
        "CAP_FSETID",  # … and setgid bits
        "CAP_SETFCAP",  # packages carry file capabilities
        "CAP_SETGID",  # scriptlets use su and runuser
        "CAP_SETUID",
        "CAP_SYS_CHROOT",  # rpm enters the root to run scriptlets
    }
)
"""What installing packages takes. No CAP_MKNOD: no buildroot package ships device nodes any more. No
CAP_SYS_ADMIN: nothing is mounted from inside."""

Role = Literal["resolve", "install"]
DOING: Mapping[Role, str] = {
    "resolve": "resolving what has to be installed",
    "install": "installing packages, with their scripts,",
}
"""What is going on, where a sentence has to say it."""

DEVICES = ("null", "zero", "full", "random", "urandom")
"""Device nodes for scriptlets. Mounted read-only, which still lets them be written *to* but not changed:
they are the host's."""


def run_tool(
    workspace: Workspace,
    program: str,
    *,
    role: Role,
    work: Path,
    root: Path,
    log: LogSink,
    capabilities: frozenset[str] = frozenset(),
    mounts: Sequence[VolumeMount] = (),
) -> int:
    """Run ``tool/<program>`` on a root, without a network, and return its exit status.

    The program sees ``work`` as /work and ``root`` as /buildroot. With ``capabilities`` it may run packages'
    scripts: DEVICES and /proc are in the root, too. Raises InstallTimeout when the workspace's
    ``install_timeout`` is over.
    """
    devices = [
        VolumeMount(Path("/dev") / name, PurePosixPath("/buildroot/dev") / name, read_only=True)
        for name in DEVICES
        if capabilities
    ]
    try:
        return workspace.tools.run(
            PROGRAMS / program,
            log,
            role=role,
            workdir=PurePosixPath("/work"),
            # the PATH is for packages' scripts
            environment={"HOME": "/work/home", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            mounts=[
                VolumeMount(work, PurePosixPath("/work")),
                VolumeMount(root, PurePosixPath("/buildroot")),
                *devices,
                *mounts,
            ],
            # packages' scripts run in /buildroot, and expect what mock mounts there
            proc_at=[PurePosixPath("/buildroot/proc")] if capabilities else [],
            capabilities=capabilities,
            timeout=workspace.install_timeout,
        )
    except ContainerTimeout as error:
        sentence = f"{DOING[role]} did not end within {workspace.install_timeout:g} seconds (install_timeout)"
        write_line(log, f"{sentence} and was stopped")
        raise InstallTimeout(f"{sentence} and was stopped") from error
