"""Devices of the host that an operator lends to builds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from koji_adjutant.buildroot.step import Capture
from koji_adjutant.container.interface import ContainerManager
from koji_adjutant.errors import EngineError

SAID = 1 << 10
"""Bytes of a reason that are kept."""


def open_to_builds(manager: ContainerManager, container: str, devices: Sequence[Path]) -> None:
    """Let the build user open devices of a container: its nodes, not the host's.

    They have the host's mode, which is often for a group that the root does not know. Raises EngineError.
    """
    if not devices:
        return
    said = Capture(SAID)
    command = ["/bin/chmod", "a+rw", "--", *map(str, devices)]
    if manager.exec(container, command, stdout=said, user="0:0") != 0:
        reason = said.data.decode(errors="replace").strip()
        raise EngineError(f"builds cannot open the devices that they get: {reason}")
