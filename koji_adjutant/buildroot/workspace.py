"""Where and on whose behalf a recipe works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.overlay import Overlay, mounted
from koji_adjutant.buildroot.progress import PhaseObserver
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.mock_lock import MockLock
from koji_adjutant.container.interface import (
    ContainerManager,
    NetworkMode,
    Owner,
    ResourceLimits,
    VolumeMount,
)
from koji_adjutant.container.tools import Tools

CacheKind = Literal["root", "buildrequires", "metadata", "packages"]


@dataclass(frozen=True)
class Workspace:
    """Everything a recipe needs that is not the package itself.

    ``workdir`` is the task's own directory on disk, with room for a build. Logs and results land in
    ``resultdir``, ``*.log`` grow while things run. ``mounts`` are the operator's, for tool containers only.
    ``source_mounts`` (kojid's scm_credentials_dir) and ``network_mode`` are what the buildroot gets where its
    network is on; the checkout has that network, too. Where there are ``failed_roots``, the buildroot of a
    task that fails is kept there. ``cache_used`` is called with what was looked for in the cache, by which
    key, and whether it was there; ``damage_found`` with an entry of it that was found damaged, and what is
    wrong with it; ``overlay_mounted`` with each overlay; ``root_copied`` with the bytes of a root that is
    about to be copied into ``workdir``, and with less than nothing where that has failed; it is not done
    without ``copy_roots``, nor where it would leave less than ``disk_reserve`` bytes. Where there is a
    ``lock``, buildroots are made of what it says, and of nothing else. ``install_timeout`` is in seconds, for
    resolving and for installing, each time; None: no limit.
    """

    manager: ContainerManager
    tool_image: str
    owner: Owner
    cache: Cache
    workdir: Path
    resultdir: Path
    progress: PhaseObserver
    limits: ResourceLimits = field(default_factory=ResourceLimits)
    mounts: Sequence[VolumeMount] = ()
    network_mode: NetworkMode = "bridge"
    source_mounts: Sequence[VolumeMount] = ()
    failed_roots: FailedRoots | None = None
    cache_used: Callable[[CacheKind, str, bool], None] = lambda _kind, _key, _hit: None
    damage_found: Callable[[str, Sequence[str]], None] = lambda _key, _damage: None
    overlay_mounted: Callable[[Overlay], None] = lambda _overlay: None
    root_copied: Callable[[int], None] = lambda _size: None
    copy_roots: bool = True
    disk_reserve: int = 0
    lock: Lock | MockLock | None = None
    install_timeout: float | None = None

    @property
    def tools(self) -> Tools:
        return Tools(self.manager, self.tool_image, self.owner, self.limits)

    @contextmanager
    def mounted(self, overlay: Overlay) -> Iterator[Path]:
        """Mount an overlay while the block runs, and yield the directory where it is seen.

        ``overlay_mounted`` is called with it.
        """
        with mounted(overlay, self.owner.task_id) as merged:
            self.overlay_mounted(overlay)
            yield merged
