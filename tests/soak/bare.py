"""The same rpmbuilds with nothing around them: no hub, no container, no upload."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.chroot import Chroot
from tests.bench.distributions import Distribution
from tests.bench.packages import SourcePackage
from tests.bench.stage import Stage
from tests.bench.worker import Worker
from tests.hub.farm import Farm
from tests.soak.load import Source


class Bare:
    """Unpacks and builds, in a copy of the root that a farm's worker builds a source package in.

    ``directory`` takes what is made, ``distribution`` is the repository that the farm has.
    """

    def __init__(self, farm: Farm, source: Source, distribution: Path, directory: Path) -> None:
        stage = Stage(farm.state, farm.image, directory, Distribution("test", distribution))
        assert farm.hub.topdir is not None
        srpm = farm.hub.topdir / "work" / source.srpm
        self._package = SourcePackage("soak", srpm, source.arch)
        self._chroot = Chroot(Worker(stage, farm.state))
        self._chroot.prepare(self._package)

    def build(self, number: int, at_once: int) -> float:
        """Build it so many times, so many at once. Returns the seconds until the last was done."""
        started = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            try:
                list(pool.map(self._chroot.build, [self._package] * number))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return time.monotonic() - started
