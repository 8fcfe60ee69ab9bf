"""What all contenders build from and in."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import PhaseObserver, PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import ContainerManager, Owner
from tests.bench.distributions import Distribution

ARCH = os.uname().machine


@dataclass(frozen=True)
class Stage:
    """``state`` is the state directory of the engine, which has ``tool_image``.

    ``runs`` takes everything that runs leave behind. Nothing is deleted there before the last of them:
    some file systems are slow at making files for a while after many were removed.
    """

    state: Path
    tool_image: str
    runs: Path
    distribution: Distribution

    def directory(self, name: str) -> Path:
        """A new directory, on the disk where roots are made."""
        path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.runs))
        # mock does some of its work as an ordinary user
        path.chmod(0o755)
        return path

    @property
    def config(self) -> BuildrootConfig:
        """The distribution's ``build`` group, as a buildArch task has it."""
        return for_repos([str(self.distribution.repo)], ARCH, "build", network=False, options=TagOptions())

    def workspace(
        self, manager: ContainerManager, cache: Path, directory: Path, progress: PhaseObserver | None = None
    ) -> Workspace:
        """As a task adapter makes it; ``cache`` is the directory that is a worker's state directory else."""
        state_log = StateLog(directory / "result" / "state.log")
        for name in ("work", "result"):
            (directory / name).mkdir()
        return Workspace(
            manager=manager,
            tool_image=self.tool_image,
            owner=Owner(f"bench-{os.getpid()}-{directory.name}", "bench"),
            cache=Cache(cache),
            workdir=directory / "work",
            resultdir=directory / "result",
            progress=PhaseObserverGroup([state_log, progress]) if progress else state_log,
        )
