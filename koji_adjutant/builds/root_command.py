"""A command as root in a buildroot: what the stock runroot plugin has mock do."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.specification.arch import is_sibling
from koji_adjutant.container.interface import ROOT

ROOT_CAPABILITIES = frozenset(
    {
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_NET_BIND_SERVICE",
        "CAP_SETFCAP",
        "CAP_SETGID",
        "CAP_SETPCAP",
        "CAP_SETUID",
        "CAP_SYS_CHROOT",
    }
)
"""What podman gives root in a container: files and users of its own, nothing of the host's."""

LOG = "runroot.log"
COPY_MAX = 1 << 30
"""Bytes of a file that are taken out."""


def run_command(root: Buildroot, command: str | Sequence[str], *, skip_setarch: bool = False) -> int:
    """Run a command in /, its output in runroot.log. Returns its exit status.

    Text is for the buildroot's shell. With ``skip_setarch`` it sees the machine's arch where the buildroot is
    of its 32-bit sibling.
    """
    # through a shell in any case: it says that there is no such command, with 127
    arguments = (
        ["/bin/sh", "-c", command] if isinstance(command, str) else ["/bin/sh", "-c", '"$@"', "sh", *command]
    )
    if skip_setarch and is_sibling(root.config):
        arguments = ["/usr/bin/setarch", platform.machine(), *arguments]
    return root.run(arguments, log=root.workspace.resultdir / LOG, cwd=ROOT)


def copy_out(root: Buildroot, path: PurePosixPath, target: Path) -> bool:
    """Copy a file out of the buildroot, at most COPY_MAX bytes of it. Returns whether there was one.

    Links lead where they lead inside: the file is read by a program there.
    """
    read = '[ -f "$1" ] && exec head -c "$2" -- "$1" 2>/dev/null'
    with target.open("xb") as copy:
        return root.stream(["/bin/sh", "-c", read, "read", str(path), str(COPY_MAX)], copy) == 0
