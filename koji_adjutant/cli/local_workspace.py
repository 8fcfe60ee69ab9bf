"""A place to work for commands without a hub: ``build``, ``shell`` and ``replay``."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.progress import PhaseObserver
from koji_adjutant.buildroot.specification.arch import check_arch
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.mock_lock import MockLock
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.limits import task_limits
from koji_adjutant.container.interface import NetworkMode, Owner
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import BuildrootError, ImageError, UsageError
from koji_adjutant.images.build import ensure_tool_image
from koji_adjutant.images.proofs import Proofs
from koji_adjutant.images.recipe import DEFAULT_REFERENCE


def default_state_dir() -> Path:
    """Return the worker's for root, one below the home directory for anybody else."""
    if os.geteuid() == 0:
        return Path("/var/lib/koji-adjutant")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "koji-adjutant"


def check_possible(arch: str) -> None:
    """Raise UsageError, before anything is begun, where no buildroot of this arch can be made."""
    if os.geteuid() != 0:
        raise UsageError("Buildroots are made of mounts, which take root: run this with sudo.")
    try:
        check_arch(arch)
    except BuildrootError as error:
        raise UsageError(f"Nothing can be built: {error}.") from error


@contextmanager
def temporary_directory(state_dir: Path) -> Iterator[Path]:
    """Make a directory on the disk of ``state_dir``, removed in the end; ``gc`` sees by its name whose."""
    (state_dir / "work").mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"local-{os.getpid()}-", dir=state_dir / "work"))
    try:
        yield directory
    finally:
        remove_tree(directory)


@contextmanager
def local_workspace(
    manager: PodmanManager,
    options: AdjutantOptions,
    *,
    workdir: Path,
    resultdir: Path,
    network: NetworkMode,
    progress: PhaseObserver,
    lock: Lock | MockLock | None = None,
) -> Iterator[Workspace]:
    """Give this process a workspace; afterwards the cache is brought back within ``cache_size``."""
    cache = Cache(options.state_dir)
    try:
        yield Workspace(
            manager=manager,
            tool_image=options.task_image_default,
            owner=Owner(task_id=f"local-{os.getpid()}", worker_id=f"{platform.node()}-{os.getpid()}"),
            cache=cache,
            workdir=workdir,
            resultdir=resultdir,
            progress=progress,
            limits=task_limits(options, maxjobs=1),
            install_timeout=options.install_timeout,
            network_mode=network,
            lock=lock,
        )
    finally:
        cache.tidy(options.cache_size)


def provide_image(manager: PodmanManager, state_dir: Path, image: str, display: PhaseDisplay) -> None:
    """Make our own tool image where it is missing, pull any other.

    Raises ImageError for one that is of no use.
    """
    with display.phase("tool image"):
        if image == DEFAULT_REFERENCE:
            ensure_tool_image(manager, state_dir, display.say)
        else:
            there = manager.ensure_image_available(image, "if-not-present")
            if wrong := Proofs(state_dir).wrong(manager, there):
                raise ImageError(wrong)
