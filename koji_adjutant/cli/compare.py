"""``koji-adjutant compare``: whether a build's packages come out the same once more."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.specification.lock import Lock, read_lock
from koji_adjutant.cli.build import logs_explained
from koji_adjutant.cli.build_results import empty_resultdir
from koji_adjutant.cli.configuration import (
    at_another_place,
    config_option,
    podman_socket_option,
    state_dir_option,
)
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.local_workspace import check_possible, local_workspace, temporary_directory
from koji_adjutant.cli.replay import fetch_missing_packages, settings_for
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.reproduction.finished_build import FinishedBuild, build_of_directory, build_of_task
from koji_adjutant.reproduction.once_more import built_once_more, in_words, is_same
from koji_adjutant.rpm.comparison import Comparison

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
        if settings:
            first = build_of_task(settings.kojid, int(what), directory)
        else:
            first = build_of_directory(Path(what))
        lock = read_lock(first.lock)
        fetch_missing_packages(lock, Cache(options.state_dir))
        if resultdir is None:
            resultdir = directory / "again"
        resultdir = empty_resultdir(resultdir.absolute(), keep=[what, *first.rpms, first.srpm])
        again = replace(options, task_image_default=image or lock.tool_image_name)
        found = _built_again(again, first, lock, resultdir)
    for line in in_words(found):
        click.echo(line)
    if not is_same(found):
        sys.exit(DIFFERENT)


def _built_again(
    options: AdjutantOptions, first: FinishedBuild, lock: Lock, resultdir: Path
) -> Mapping[str, Comparison]:
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
        return built_once_more(workspace, first, lock)
