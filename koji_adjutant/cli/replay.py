"""``koji-adjutant replay``: a shell in the buildroot that a build had."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.resolving.locked_packages import download, missing_packages
from koji_adjutant.buildroot.specification import lock as locks
from koji_adjutant.buildroot.specification.config import SHELL
from koji_adjutant.builds.replay import ReplayStep, replay
from koji_adjutant.cli.buildroot_shell import run_in_buildroot
from koji_adjutant.cli.configuration import (
    at_another_place,
    config_option,
    podman_socket_option,
    read_settings,
    state_dir_option,
)
from koji_adjutant.cli.local_workspace import default_state_dir, temporary_directory
from koji_adjutant.config import AdjutantOptions, Settings
from koji_adjutant.errors import AdjutantError, UsageError
from koji_adjutant.reproduction.task_files import lock_of_task, source_of_task


@click.command("replay")
@click.argument("what", metavar="TASK_ID|DIR")
@click.argument("words", metavar="[-- COMMAND…]", nargs=-1)
@click.option(
    "--step",
    type=click.Choice(get_args(ReplayStep)),
    default="end",
    show_default=True,
    help="base: the package group; buildrequires: all that was installed; end: the SRPM unpacked, too.",
)
@click.option(
    "--srpm",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What to unpack. [default: the task's, or the one in DIR]",
)
@config_option
@click.option("--image", help="Tool image, instead of the lock's.")
@state_dir_option
@podman_socket_option
def command(
    what: str,
    words: Sequence[str],
    step: ReplayStep,
    srpm: Path | None,
    config_file: Path,
    image: str | None,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Start a shell in the same buildroot that a build had, with the same packages.

    DIR has the build's logs, with its adjutant_lock.json, and its source package. Of a task, what is not on
    this machine is fetched from the hub. Packages that are not in the cache are downloaded from where they
    came from then. The shell is the build user's, without a network; the buildroot is gone when it ends. What
    follows -- is run instead of the shell; its exit code is this command's.
    """
    settings, options = settings_for(what, config_file)
    options = at_another_place(options, state_dir, podman_socket)
    with temporary_directory(options.state_dir) as fetched:
        if settings:
            lock = locks.read_lock(lock_of_task(settings.kojid, int(what), fetched))
        else:
            lock = locks.read_lock(locks.lock_in(Path(what)))
        if srpm is None and step == "end":
            srpm = _source_of_task(settings, int(what), fetched) if settings else _srpm_in(Path(what))
        fetch_missing_packages(lock, Cache(options.state_dir))
        status = run_in_buildroot(
            replace(options, task_image_default=image or lock.tool_image_name),
            replace(lock.config, network=False),
            words or SHELL,
            prepare=lambda root: replay(root, lock, step, srpm),
            lock=lock,
        )
    sys.exit(status)


def settings_for(what: str, config_file: Path) -> tuple[Settings | None, AdjutantOptions]:
    """Return the worker's settings for a task; for a directory, none and the options of anybody."""
    if what.isdecimal():
        settings = read_settings(config_file)
        return settings, settings.adjutant
    if not Path(what).is_dir():
        raise UsageError(f"{what} is neither a task's number nor a directory.")
    return None, AdjutantOptions(state_dir=default_state_dir())


def _source_of_task(settings: Settings, task_id: int, directory: Path) -> Path | None:
    try:
        found = source_of_task(settings.kojid, task_id, directory)
        reason = "the task was not given one"
    except AdjutantError as problem:
        found, reason = None, str(problem)
    if found is None:
        click.echo(f"No source package is unpacked: {reason}. --srpm names one.", err=True)
    return found


def _srpm_in(directory: Path) -> Path | None:
    found = sorted(directory.glob("*.src.rpm"))
    if len(found) > 1:
        raise UsageError(f"{directory} has several source packages: say which with --srpm.")
    if not found:
        click.echo(
            "No source package is unpacked: there is none beside the lock. --srpm names one.", err=True
        )
    return next(iter(found), None)


def fetch_missing_packages(lock: locks.Lock, cache: Cache) -> None:
    """Download what a lock needs and the cache has not."""
    if missing := missing_packages(lock, cache):
        click.echo(f"Downloading {len(missing)} packages", err=True)
        download(lock, cache, missing)
