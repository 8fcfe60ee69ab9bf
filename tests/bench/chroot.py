"""The least that a build can cost: rpmbuild in a chroot, in a copy of the very root that we build in."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, open_buildroot
from koji_adjutant.builds.rpms import build_rpms
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.rpm.header import RpmHeader, Tag
from tests.bench.contender import Build
from tests.bench.errors import BenchError
from tests.bench.packages import SourcePackage
from tests.bench.phases import PHASES
from tests.bench.stage import Stage
from tests.bench.stopwatch import Stopwatch
from tests.bench.worker import Worker

# In name spaces of its own, without a network: $1 root, $2 home, then the command.
_ENTER = """
root=$1 home=$2; shift 2
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$home" "$root/builddir"
exec chroot --userspec=%d:%d "$root" bash --login -c 'cd && exec "$@"' - "$@"
""" % (BUILD_UID, BUILD_GID)  # noqa: UP031 - braces are the shell's

_SPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc")
_DIRECTORIES = ("BUILD", "BUILDROOT", "RPMS", "SOURCES", "SPECS", "SRPMS")


class Chroot:
    """``worker`` makes the roots, whose copies are kept."""

    name = "chroot"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._stage: Stage = worker.stage
        self._roots: dict[str, Path] = {}

    def prepare(self, package: SourcePackage) -> None:
        if package.name not in self._roots:
            self._roots[package.name] = self._copied_root(package)

    def apart(self, package: SourcePackage) -> Chroot:
        """With a root of its own, as each build has with mock, too."""
        own = Chroot(self._worker)
        root = self._stage.directory(f"chroot-{package.name}") / "root"
        _copy(self._roots[package.name], root)
        own._roots[package.name] = root
        return own

    def _copied_root(self, package: SourcePackage) -> Path:
        """The root as it is after a build of the package, everything that it needs included."""
        directory = self._stage.directory(f"chroot-{package.name}")
        with open_engine(AdjutantOptions(state_dir=self._stage.state)) as engine:
            watch = Stopwatch(engine)
            workspace = self._stage.workspace(watch, self._worker.cache, directory)
            with open_buildroot(workspace, self._stage.config) as root:
                build_rpms(root, package.srpm, arch=package.arch)
                _copy(watch.roots["build"], directory / "root")
        return directory / "root"

    def build(self, package: SourcePackage) -> Build:
        root = self._roots[package.name]
        home = self._home(package)
        log = home.parent / "build.log"
        started = time.monotonic()
        self._run(root, home, log, "rpm", "-Uvh", "--nodeps", "/builddir/build/source.src.rpm")
        unpacked = time.monotonic()
        (spec,) = (name for name in RpmHeader(package.srpm).texts(Tag.BASENAMES) if name.endswith(".spec"))
        options = ("-bb", "--noclean", "--target", package.arch, "--nodeps")
        self._run(root, home, log, "rpmbuild", *options, f"/builddir/build/SPECS/{spec}")
        ended = time.monotonic()
        return Build(
            seconds=ended - started,
            ready=None,
            first_line=None,
            phases={
                **dict.fromkeys(PHASES, 0.0),
                "srpm": unpacked - started,
                "rpmbuild": ended - unpacked,
            },
            packages=tuple(sorted(path.name for path in (home / "build/RPMS").rglob("*.rpm"))),
        )

    def _home(self, package: SourcePackage) -> Path:
        """/builddir with what ours has in it, the source package included."""
        home = self._stage.directory(f"chroot-{package.name}") / "home"
        for name in _DIRECTORIES:
            (home / "build" / name).mkdir(parents=True)
        macros = "".join(f"{name} {value}\n" for name, value in self._stage.config.macros.items())
        (home / ".rpmmacros").write_text(macros)
        shutil.copy(package.srpm, home / "build" / "source.src.rpm")
        for path in (home, *home.rglob("*")):
            os.chown(path, BUILD_UID, BUILD_GID)
        return home

    def _run(self, root: Path, home: Path, log: Path, *command: str) -> None:
        with log.open("ab") as output:
            result = subprocess.run(
                [*_SPACES, "sh", "-euc", _ENTER, "-", str(root), str(home), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self._stage.config.environment),
                check=False,
            )
        if result.returncode != 0:
            raise BenchError(f"{command[0]} failed in the bare chroot: see {log}")


def _copy(root: Path, copy: Path) -> None:
    subprocess.run(["cp", "-a", "--one-file-system", "--", str(root), str(copy)], check=True)
