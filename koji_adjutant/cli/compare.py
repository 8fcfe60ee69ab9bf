"""``koji-adjutant compare``: whether a build's packages come out the same once more."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.specification.lock import Lock, read_lock
from koji_adjutant.builds.comparison import compared
from koji_adjutant.builds.local import build_source
from koji_adjutant.cli.build import logs_explained
from koji_adjutant.cli.build_results import empty_resultdir
from koji_adjutant.cli.configuration import (
    at_another_place,
    config_option,
    podman_socket_option,
    state_dir_option,
)
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.finished_build import FinishedBuild, finished_build
from koji_adjutant.cli.local_workspace import check_possible, local_workspace, temporary_directory
from koji_adjutant.cli.replay import fetch_missing_packages, settings_for
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.rpm.comparison import Comparison
from koji_adjutant.text import on_one_line

DIFFERENT = 1


@click.command("compare")
@click.argument("what", metavar="TASK_ID|DIR")
@click.option(
    "--resultdir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the packages of the second build, and its logs, here.",
)
@config_option
@click.option("--image", help="Tool image, instead of the lock's.")
@state_dir_option
@podman_socket_option
def command(
    what: str,
    resultdir: Path | None,
    config_file: Path,
    image: str | None,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Build a finished buildArch task's packages once more, in the same buildroot, and compare.

    DIR has a build's logs, with its adjutant_lock.json, its source package and its RPMs. Of a task they are
    fetched from the hub, to which nothing is sent. Names, versions, dependencies, scripts and every file's
    content, mode and owner are compared. When and where a package was built is no difference, nor are files'
    times, which most distributions leave as they come. Ends with 1 if any package differs.
    """
    settings, options = settings_for(what, config_file)
    options = at_another_place(options, state_dir, podman_socket)
    with temporary_directory(options.state_dir) as directory:
        first = finished_build(settings, what, directory)
        lock = read_lock(first.lock)
        fetch_missing_packages(lock, Cache(options.state_dir))
        if resultdir is None:
            resultdir = directory / "again"
        resultdir = empty_resultdir(resultdir.absolute(), keep=[what, *first.rpms, first.srpm])
        again = replace(options, task_image_default=image or lock.tool_image_name)
        found = compared(first.rpms, _built_again(again, first, lock, resultdir))
    show(found)
    if any(each.differences for each in found.values()):
        sys.exit(DIFFERENT)


def _built_again(
    options: AdjutantOptions, first: FinishedBuild, lock: Lock, resultdir: Path
) -> Sequence[Path]:
    check_possible(lock.config.arch)
    display = PhaseDisplay(Console(stderr=True))
    with (
        display,
        open_engine(options) as manager,
        logs_explained(display.console, resultdir),
        temporary_directory(options.state_dir) as workdir,
        local_workspace(
            manager,
            options,
            workdir=workdir,
            resultdir=resultdir,
            network="none",
            progress=PhaseObserverGroup([display, StateLog(resultdir / "state.log")]),
            lock=lock,
        ) as workspace,
    ):
        config = replace(lock.config, network=False)
        arch = lock.arch_to_build(first.arch)
        return build_source(workspace, config, first.srpm, arch=arch).result.rpms


def show(found: Mapping[str, Comparison]) -> None:
    """Say of each package whether it came out the same, and of one that did not in what it differs."""
    for name, each in found.items():
        files = "a file" if each.times == 1 else f"{each.times} files"
        times = f", but for the times of {files}" if each.times else ""
        click.echo(f"DIFF  {on_one_line(name)}" if each.differences else f"same  {on_one_line(name)}{times}")
        for words in each.differences:
            click.echo(f"      {on_one_line(words)}")
    same = sum(1 for each in found.values() if not each.differences)
    click.echo(f"{same} of {len(found)} packages came out the same")
