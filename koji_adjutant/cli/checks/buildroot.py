"""A buildroot, made and used as a task does it: what keeps a build from its first command shows here."""

from __future__ import annotations

import io
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import StateLog
from koji_adjutant.buildroot.root import BUILD_UID, open_buildroot
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.cli.local_workspace import temporary_directory
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.limits import task_limits
from koji_adjutant.container.interface import ContainerManager, Owner, VolumeMount
from koji_adjutant.container.tools import Tools
from koji_adjutant.errors import BuildrootError, EngineError

PROGRAMS = Path(__file__).parent / "tool"
LOOK = ["/bin/bash", "-c", 'read -r word </scriptlet; echo "$word $UID"']
LAST_LINES = 5
"""Of a tool's output that are quoted when it fails."""


def check_buildroot(options: AdjutantOptions, manager: ContainerManager, image: str) -> Iterator[CheckResult]:
    """Resolve packages, install them with a scriptlet, and use them as the build user, over an overlay.

    Raises BuildrootError or EngineError with what the tools said.
    """
    started = time.monotonic()
    with temporary_directory(options.state_dir) as place:
        owner = Owner(task_id=f"local-{os.getpid()}", worker_id="check")
        probe = place / "probe"
        probe.mkdir()
        limits = task_limits(options, maxjobs=1)
        _make_repository(Tools(manager, image, owner, limits), probe)
        workspace = Workspace(
            manager=manager,
            tool_image=image,
            owner=owner,
            cache=Cache(place / "state"),
            workdir=_made(place / "work"),
            resultdir=_made(place / "result"),
            progress=StateLog(place / "result" / "state.log"),
            limits=limits,
            install_timeout=options.install_timeout,
        )
        arch = platform.machine()
        config = for_repos([str(probe / "repo")], arch, "probe", network=False, options=TagOptions())
        try:
            with open_buildroot(workspace, config) as root:
                status, said = root.capture(LOOK)
        except BuildrootError as problem:
            log = (workspace.resultdir / "root.log").read_text(errors="replace")
            raise BuildrootError(f"{problem}: {_last(log)}") from problem
        if (status, said) != (0, f"ran {BUILD_UID}\n".encode()):
            raise BuildrootError(f"a buildroot's first command ended with status {status}, and said {said!r}")
    seconds = time.monotonic() - started
    yield CheckResult(
        Level.OK, "buildroot", f"one was made, used by the build user and removed in {seconds:.1f} s"
    )


def _make_repository(tools: Tools, place: Path) -> None:
    output = io.BytesIO()
    mounts = [VolumeMount(place, PurePosixPath("/work"))]
    program = PROGRAMS / "probe.py"
    status = tools.run(program, output, role="check", environment={"HOME": "/work"}, mounts=mounts)
    if status != 0:
        said = _last(output.getvalue().decode(errors="replace"))
        raise EngineError(f"the tool image could not make a small repository (status {status}): {said}")


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _last(text: str) -> str:
    return " / ".join([line.strip() for line in text.splitlines() if line.strip()][-LAST_LINES:])
