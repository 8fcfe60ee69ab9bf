"""Running our own programs in containers of a tool image."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.container.interface import (
    ROOT,
    ContainerManager,
    ContainerSpec,
    ImageRoot,
    LogSink,
    NetworkMode,
    Owner,
    ResourceLimits,
    VolumeMount,
)

SEEN_AT = PurePosixPath("/adjutant")
"""Where a program's directory is inside."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
"""An image with programs newer than its distribution's has them in /usr/local."""

REQUEST = "request.json"
"""The file in /work that has what a program is asked."""


def write_request(work: Path, request: Mapping[str, Any]) -> None:
    """Write what a program is asked to where it looks for that, if it sees ``work`` as /work."""
    (work / REQUEST).write_text(json.dumps(request))


@dataclass(frozen=True)
class Tools:
    """A tool image, on whose behalf programs run in it, and what each may have."""

    manager: ContainerManager
    image: str
    owner: Owner
    limits: ResourceLimits = field(default_factory=ResourceLimits)

    def run(
        self,
        program: Path,
        output: LogSink,
        *,
        role: str,
        arguments: Sequence[str] = (),
        user: str = "0:0",
        workdir: PurePosixPath = ROOT,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[VolumeMount] = (),
        proc_at: Sequence[PurePosixPath] = (),
        network: NetworkMode = "none",
        capabilities: frozenset[str] = frozenset(),
        timeout: float | None = None,
    ) -> int:
        """Run a file of Python, which finds what lies beside it, and return its exit status.

        ``environment`` is in addition to ENVIRONMENT; all else is as with a ContainerSpec. Raises
        ContainerTimeout after ``timeout`` seconds.
        """
        spec = ContainerSpec(
            root=ImageRoot(self.image),
            # -B: the program's directory is read-only
            command=["/usr/bin/python3", "-B", str(SEEN_AT / program.name), *arguments],
            owner=self.owner,
            role=role,
            user=user,
            workdir=workdir,
            environment={**ENVIRONMENT, **(environment or {})},
            mounts=[VolumeMount(program.parent, SEEN_AT, read_only=True), *mounts],
            proc_at=proc_at,
            network=network,
            capabilities=capabilities,
            limits=self.limits,
        )
        return self.manager.run(spec, output, timeout)
