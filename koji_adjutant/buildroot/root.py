"""A buildroot in use: a container over a composed root, copy-on-write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.config import BuildrootConfig
from koji_adjutant.buildroot.packages import InstalledPackage
from koji_adjutant.buildroot.workspace import Workspace


class Buildroot:
    """A started buildroot; made by ``open_buildroot``, gone when that ends.

    ``home`` is the host's directory that is /builddir inside: everything in it belongs to the (hostile)
    build user.
    """

    config: BuildrootConfig
    workspace: Workspace
    home: Path

    def run(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: PurePosixPath = PurePosixPath("/builddir"),
        timeout: float | None = None,
    ) -> int:
        """Run a command as the build user, output appended to ``log``; its exit status.

        Nothing that the command started is still alive afterwards. BuildTimeout after ``timeout`` seconds.
        """
        raise NotImplementedError

    def install_requires(self, srpm: Path) -> bool:
        """Install an SRPM's Requires (its BuildRequires); whether the set of installed packages changed.

        DependencyError names what nothing provides.
        """
        raise NotImplementedError

    def installed_packages(self) -> list[InstalledPackage]:
        """What is installed now, without ``gpg-pubkey`` and ``buildsys-build`` (as kojid's getPackageList)."""
        raise NotImplementedError


@contextmanager
def open_buildroot(workspace: Workspace, config: BuildrootConfig) -> Iterator[Buildroot]:
    """Compose the root, or take it from the store, and start a container on it; always cleaned up.

    BuildrootError with kojid's sentence ("could not init mock buildroot, …; see root.log for more
    information") when the group cannot be installed.
    """
    raise NotImplementedError
    yield
