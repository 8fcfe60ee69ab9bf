"""The proof that what was built is a program: installed from the tag's new repo, run in a fresh container."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import StateLog
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import Owner
from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.stage import BUILD_TAG, PACKAGE, Stage


def install_and_run(stage: Stage, tool_image: str, arch: str) -> str:
    """Install the package from the build tag's latest repo into a root that never saw it; what it prints."""
    repo = f"{stage.files_url}/repos/{BUILD_TAG}/latest/{arch}"
    config = for_repos([repo], arch, "build", network=False, options=TagOptions())
    results = stage.logs / "trial"
    results.mkdir()
    with (
        tempfile.TemporaryDirectory(prefix="trial-", dir=stage.directory) as workdir,
        open_engine(AdjutantOptions(state_dir=stage.state)) as manager,
    ):
        workspace = Workspace(
            manager=manager,
            tool_image=tool_image,
            owner=Owner(f"local-{os.getpid()}", "demo"),
            cache=Cache(stage.state),
            workdir=Path(workdir),
            resultdir=results,
            progress=StateLog(results / "state.log"),
        )
        with open_buildroot(workspace, config) as root:
            root.install([PACKAGE])
            status, said = root.capture([PACKAGE])
    if status:
        raise DemoError(f"{PACKAGE} was installed, but it ended with status {status}", results / "root.log")
    return said.decode(errors="replace").strip()
