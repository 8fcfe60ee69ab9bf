"""Whether an image can do what tool images are for: ``prove(manager, reference) -> list[str]``.

Each string is a sentence's worth of what is wrong, with the image as "it"; an empty list means that the image
builds an RPM, makes a repository of it and resolves it from there, with every resolver that it has.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path, PurePosixPath

from koji_adjutant.container.interface import (
    ContainerManager,
    ContainerSpec,
    ImageRoot,
    Owner,
    VolumeMount,
)

PROGRAMS = Path(__file__).parent / "tool"
LAST_LINES = 3


def prove(manager: ContainerManager, reference: str) -> list[str]:
    """What is wrong with the tool image ``reference``, which the engine has.

    EngineError if the engine cannot start a container at all.
    """
    output = io.BytesIO()
    spec = ContainerSpec(
        root=ImageRoot(reference),
        command=["/usr/bin/python3", "-B", "/adjutant/prove.py"],
        owner=Owner(task_id=f"local-{os.getpid()}", worker_id="image"),
        role="image",
        environment={"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        mounts=[VolumeMount(PROGRAMS, PurePosixPath("/adjutant"), read_only=True)],
    )
    status = manager.run(spec, output)
    lines = output.getvalue().decode(errors="replace").splitlines()
    try:
        found: list[str] = json.loads(lines[-1])
    except (IndexError, ValueError):
        said = " / ".join([line.strip() for line in lines if line.strip()][-LAST_LINES:])
        return [f"it has no python3 that works: {said or 'nothing was said'} (status {status})"]
    return found
