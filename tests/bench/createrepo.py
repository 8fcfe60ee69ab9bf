"""A tag of thousands of packages with one change: our createrepo recipe beside the bare command."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import createrepo_c

from koji_adjutant.builds.repo import CreateRepoRequest, create_repo
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from tests.bench.errors import BenchError
from tests.bench.meter import Costs, metered
from tests.bench.stage import ARCH, Stage
from tests.bench.tiny_rpms import make_package, make_packages

_TAG = "bench-build"

BARE = {
    "kojid": ("--database",),
    "best": ("--no-database",),
}
"""Beside what makes it quick: old metadata taken over, and no package looked at that has been there before.
``kojid`` is what a stock builder asks for; the databases are for yum, which dnf has replaced, and ``best``
does without."""
OURS = {"ours": True, "ours, no databases": False}
"""Our contenders, and their createrepo_databases."""


@dataclass(frozen=True)
class RepoRun:
    """``contender`` is a key of OURS or of BARE."""

    contender: str
    packages: int
    seconds: float
    costs: Costs


class TagOfManyPackages:
    """A koji topdir with two repos of one tag: the first is done, the second has one package changed."""

    def __init__(self, stage: Stage, count: int) -> None:
        self._stage = stage
        self._count = count
        self._topdir = stage.directory("tag")
        packages = make_packages(self._topdir / "packages", count)
        self._old = self._repo(1, packages)
        run_createrepo(self._old, self._old, ["--database"])
        changed = make_package(self._topdir / "packages", count // 2, version="2")
        self._new = self._repo(2, [*packages[: count // 2], changed, *packages[count // 2 + 1 :]])

    def _repo(self, number: int, packages: Sequence[Path]) -> Path:
        """As host.repoInit leaves it."""
        directory = self._topdir / "repos" / _TAG / str(number) / ARCH
        directory.mkdir(parents=True)
        (directory / "toplink").symlink_to("../../../..")
        (directory / "blocklist").touch()
        lines = [f"toplink/{path.relative_to(self._topdir)}\n" for path in packages]
        (directory / "pkglist").write_text("".join(lines))
        return directory

    def measure(self, turn: int) -> Iterator[RepoRun]:
        """Everybody once; who is first changes from turn to turn."""
        contenders = [*OURS, *BARE]
        for place in range(len(contenders)):
            yield self._measured(contenders[(place + turn) % len(contenders)])

    def _measured(self, contender: str) -> RepoRun:
        directory = self._stage.directory("createrepo")
        with metered(self._stage.runs) as costs:
            started = time.monotonic()
            if contender in OURS:
                repo = self._ours(directory, databases=OURS[contender])
            else:
                repo = directory
                options = ["--update", "--skip-stat", "--update-md-path", str(self._old), *BARE[contender]]
                run_createrepo(self._new, repo, options)
            seconds = time.monotonic() - started
        self._check(repo)
        return RepoRun(contender, self._count, seconds, costs)

    def _ours(self, directory: Path, *, databases: bool) -> Path:
        """As the createrepo adapter does it; where the repo is."""
        with open_engine(AdjutantOptions(state_dir=self._stage.state)) as engine:
            engine.ensure_image_available(self._stage.tool_image, "if-not-present")
            workspace = self._stage.workspace(engine, self._stage.state, directory)
            create_repo(
                workspace,
                CreateRepoRequest(
                    topdir=self._topdir,
                    repodir=self._new,
                    repo_id=2,
                    arch=ARCH,
                    groupdata=self._new.parent / "groups" / "comps.xml",
                    old_repodata=self._old / "repodata",
                    databases=databases,
                ),
            )
        return workspace.workdir / "repo"

    def _check(self, repo: Path) -> None:
        """Every package must be listed, the changed one included."""
        versions = []
        primary = next(iter((repo / "repodata").glob("*primary.xml.*")))
        createrepo_c.xml_parse_primary(
            str(primary), pkgcb=lambda package: versions.append(package.version), do_files=False
        )
        if len(versions) != self._count or versions.count("2") != 1:
            raise BenchError(f"{repo} lists {len(versions)} packages, {versions.count('2')} of them changed")


def run_createrepo(directory: Path, output: Path, options: Sequence[str]) -> None:
    """The bare command on the packages of a pkglist."""
    command = ["createrepo_c", "--quiet", *options, "-i", str(directory / "pkglist"), "-o", str(output)]
    result = subprocess.run(
        [*command, "--", str(directory)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0 or shutil.which(command[0]) is None:
        raise BenchError(f"createrepo_c failed: {result.stderr.strip()}")
