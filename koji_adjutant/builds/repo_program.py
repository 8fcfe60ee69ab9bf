"""Running our programs about repositories in containers of the tool image."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.record import recorded
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import NetworkMode, VolumeMount
from koji_adjutant.container.tools import write_request

PROGRAMS = Path(__file__).parent / "tool"
ANSWER = "answer.json"


def run_repo_program(
    workspace: Workspace,
    program: str,
    request: Mapping[str, Any],
    *,
    seen: Sequence[Path],
    network: NetworkMode = "none",
) -> tuple[int, Any]:
    """Run ``tool/<program>.py`` in the tool image. Returns its exit status and its answer, None without one.

    It gets ``request`` and answers through files in /work, which is the task's work directory. ``seen`` are
    files and directories of this host that it sees, read-only, at their own paths. What it prints goes to
    ``<program>.log``.
    """
    answer = workspace.workdir / ANSWER
    answer.unlink(missing_ok=True)
    write_request(workspace.workdir, request)
    with (
        recorded(workspace),
        workspace.progress.phase(program),
        (workspace.resultdir / f"{program}.log").open("ab", buffering=0) as log,
    ):
        status = workspace.tools.run(
            PROGRAMS / f"{program}.py",
            log,
            role=program,
            workdir=PurePosixPath("/work"),
            environment={"HOME": "/work"},
            mounts=[
                VolumeMount(workspace.workdir, PurePosixPath("/work")),
                VolumeMount(workspace.resultdir, PurePosixPath("/result")),
                *(VolumeMount(path, PurePosixPath(path), read_only=True) for path in seen),
                *workspace.mounts,
            ],
            network=network,
        )
    try:
        return status, json.loads(answer.read_text())
    except (FileNotFoundError, ValueError):
        return status, None


def hub_directories(topdir: Path) -> list[Path]:
    """Return ``topdir``, and the volumes that its ``vol`` only links to: packages may be in any of them."""
    volumes = topdir / "vol"
    linked = (
        {path.resolve() for path in volumes.iterdir() if path.is_symlink()} if volumes.is_dir() else set()
    )
    inside = topdir.resolve()
    return [topdir, *sorted(path for path in linked if path.is_dir() and not path.is_relative_to(inside))]
