"""mock, called as kojid calls it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import koji

from tests.bench import phases
from tests.bench.contender import Build
from tests.bench.errors import BenchError
from tests.bench.packages import SourcePackage
from tests.bench.stage import ARCH, Stage

VARIABLE = "ADJUTANT_BENCH_MOCK"
"""Names the program where it is not on PATH."""

_TAG = "bench"
_REPO_ID = 1


def find_mock(environment: Mapping[str, str]) -> Path | None:
    """The mock program, or None where there is none. BenchError if the one that was named is missing."""
    named = environment.get(VARIABLE)
    if named and not os.access(named, os.X_OK):
        raise BenchError(f"{VARIABLE} is {named}, which is no program: unset it to measure without mock")
    found = named or shutil.which("mock")
    return Path(found) if found else None


class Mock:
    """Each build has a root of its own, as each of kojid's has; its caches are off, as koji has them."""

    name = "mock"

    def __init__(self, stage: Stage, program: Path) -> None:
        self._stage = stage
        self._program = program
        self._topdir = stage.directory("topdir")
        repo = Path(koji.PathInfo(topdir=str(self._topdir)).repo(_REPO_ID, _TAG)) / ARCH
        repo.parent.mkdir(parents=True)
        repo.symlink_to(stage.distribution.repo)
        self._count = 0
        self._config = Path()
        self._root = Path()

    def prepare(self, package: SourcePackage) -> None:
        directory = self._stage.directory(f"mock-{package.name}")
        self._count += 1
        name = f"{_TAG}-{self._count}-{_REPO_ID}"
        self._root = directory / name
        self._config = directory / f"{name}.cfg"
        self._config.write_text(
            koji.genMockConfig(
                name,
                ARCH,
                repoid=_REPO_ID,
                tag_name=_TAG,
                topdir=str(self._topdir),
                mockdir=str(directory),
                distribution="Koji",
            )
        )

    def build(self, package: SourcePackage) -> Build:
        """What BuildRoot.init and BuildRoot.build do: ``--init``, ``--chroot 'uname -r'``, ``--rebuild``."""
        init = self._run("--init")
        probe = self._run("--chroot", "uname -r")
        rebuild = self._run("--no-clean", "--target", package.arch, "--rebuild", str(package.srpm))
        return Build(
            seconds=init + probe + rebuild,
            ready=init,
            first_line=None,
            phases=phases.of_mock(init, probe, rebuild, (self._root / "result" / "state.log").read_text()),
            packages=tuple(
                sorted(
                    path.name
                    for path in (self._root / "result").glob("*.rpm")
                    if not path.name.endswith(".src.rpm")
                )
            ),
        )

    def _run(self, *arguments: str) -> float:
        log = self._config.with_suffix(".log")
        with log.open("ab") as output:
            started = time.monotonic()
            result = subprocess.run(
                [self._program, "-r", self._config, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
            seconds = time.monotonic() - started
        if result.returncode != 0:
            raise BenchError(f"mock {arguments[0]} ended with status {result.returncode}: see {log}")
        return seconds
