"""Where ``koji-adjutant build`` puts what it has made, and how it is shown."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from koji_adjutant.builds.local import LocalBuild
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.errors import UsageError
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.text import size

MARKER = ".koji-adjutant"
"""Marks a result directory of ours, which the next build may empty."""


def empty_resultdir(resultdir: Path, keep: Sequence[str | Path | ScmSource]) -> Path:
    """Return an empty directory for results; only one that an earlier build filled is emptied.

    Raises UsageError for one with other files in it, with something to ``keep``, or that cannot be written.
    """
    for one in keep:
        if isinstance(one, ScmSource) or not Path(one).exists():
            continue
        if Path(one).resolve().is_relative_to(resultdir.resolve()):
            raise UsageError(
                f"{one} would be removed with what else is in {resultdir}: give another --resultdir"
            )
    marker = resultdir / MARKER
    try:
        if marker.exists():
            shutil.rmtree(resultdir)
        elif resultdir.exists() and any(resultdir.iterdir()):
            raise UsageError(
                f"{resultdir} has files that no build of ours put there; give another --resultdir"
            )
        resultdir.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError as problem:
        raise UsageError(
            f"Results cannot be put into {resultdir} ({problem.strerror}): give another --resultdir."
        ) from problem
    return resultdir


def result_places(resultdir: Path, sources: Sequence[Path | ScmSource]) -> list[Path]:
    """Return where the results of each source go, the directories made: a single one has it all."""
    if len(sources) == 1:
        return [resultdir]
    places: list[Path] = []
    for source in sources:
        name = source.name if isinstance(source, Path) else PurePosixPath(source.repository).name
        name = name.removesuffix(".src.rpm").removesuffix(".git")
        place = resultdir / name
        while place in places:
            place = place.with_name(f"{place.name}-again")
        place.mkdir()
        places.append(place)
    return places


def show_success(
    console: Console, builds: Sequence[LocalBuild], display: PhaseDisplay, resultdir: Path
) -> None:
    packages = Table("package", "size", box=None, pad_edge=False, header_style="bold")
    packages.columns[1].justify = "right"
    for build in builds:
        for path in (*build.result.rpms, build.result.srpm):
            packages.add_row(path.name, size(path.stat().st_size))
    steps = Table("step", "seconds", box=None, pad_edge=False, header_style="bold")
    steps.columns[1].justify = "right"
    for phase in display.phases:
        if phase.depth <= 1:
            steps.add_row("  " * phase.depth + phase.name, f"{phase.seconds or 0:.1f}")
    console.print()
    console.print(packages)
    console.print()
    console.print(steps)
    installed = " and ".join(str(build.installed) for build in builds)
    console.print(
        f"\n{installed} packages in the buildroot; RPMs and logs are in {resultdir}", highlight=False
    )
