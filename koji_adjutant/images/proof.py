"""Whether an image can do what tool images are for."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.container.interface import ContainerManager, Owner
from koji_adjutant.container.tools import Tools

PROGRAMS = Path(__file__).parent / "tool"
LAST_LINES = 3


@dataclass(frozen=True)
class Proof:
    """What trying out an image has shown: sentences about it, in which it is "it".

    Nothing ``wrong``: it builds an RPM, makes a repository of it and resolves it from there, with every
    resolver that it has. What is ``lacking`` only some tasks need.
    """

    wrong: Sequence[str]
    lacking: Sequence[str] = ()


def prove(manager: ContainerManager, reference: str) -> Proof:
    """Try out the tool image ``reference``, which the engine has.

    Raises EngineError if the engine cannot start a container at all.
    """
    output = io.BytesIO()
    tools = Tools(manager, reference, Owner(task_id=f"local-{os.getpid()}", worker_id="image"))
    status = tools.run(PROGRAMS / "prove.py", output, role="image")
    lines = output.getvalue().decode(errors="replace").splitlines()
    try:
        return Proof(**json.loads(lines[-1]))
    except (IndexError, ValueError, TypeError):
        said = " / ".join([line.strip() for line in lines if line.strip()][-LAST_LINES:])
        return Proof([f"it has no python3 that works: {said or 'nothing was said'} (status {status})"])
