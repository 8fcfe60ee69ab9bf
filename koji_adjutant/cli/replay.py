"""``koji-adjutant replay``: a shell in the buildroot that a build had."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from koji_adjutant.buildroot import lock as locks
from koji_adjutant.buildroot.cache import Cache
from koji_adjutant.buildroot.locked_packages import download, missing_packages
from koji_adjutant.builds.replay import ReplayStep, replay
from koji_adjutant.cli.buildroot_shell import SHELL, run_in_buildroot
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.cli.local_workspace import default_state_dir
from koji_adjutant.cli.task_logs import log_directory
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.errors import NotFound, UsageError


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
    help="What to unpack. [default: the SRPM beside the lock, if there is one]",
)
@config_option
@click.option("--image", help="Tool image, instead of the lock's.")
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="Images and cached buildroots, instead of the worker's.",
)
@click.option("--podman-socket", envvar="KOJI_ADJUTANT_PODMAN_SOCKET", help="Instead of a private service.")
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

    The build is a task of this worker, or DIR has its logs: buildroot_lock.json is what counts. Packages
    that are not in the cache are downloaded from where they came from then. The shell is the build user's,
    without a network; the buildroot is gone when it ends. What follows -- is run instead of the shell; its
    exit code is this command's.
    """
    options, directory = _place(what, config_file)
    lock = locks.read_lock(directory / locks.NAME)
    options = replace(
        options,
        state_dir=(state_dir or options.state_dir).absolute(),
        podman_socket=podman_socket or options.podman_socket,
        task_image_default=image or lock.tool_image_name,
    )
    if srpm is None and step == "end":
        srpm = _srpm_in(directory)
    cache = Cache(options.state_dir)
    if missing := missing_packages(lock, cache):
        click.echo(f"Downloading {len(missing)} packages", err=True)
        download(lock, cache, missing)
    status = run_in_buildroot(
        options,
        replace(lock.config, network=False),
        words or SHELL,
        prepare=lambda root: replay(root, lock, step, srpm),
        lock=lock,
    )
    sys.exit(status)


def _place(what: str, config_file: Path) -> tuple[AdjutantOptions, Path]:
    """The options to work with, and the directory of a build's logs."""
    if not what.isdecimal():
        directory = Path(what)
        if not directory.is_dir():
            raise UsageError(f"{what} is neither a task's number nor a directory.")
        return AdjutantOptions(state_dir=default_state_dir()), directory
    settings = read_settings(config_file)
    found = log_directory(settings, int(what))
    if found is None:
        raise NotFound(
            f"There are no logs of task {what} here: `koji download-logs` fetches what the hub has, "
            "and replay takes their directory."
        )
    return settings.adjutant, found


def _srpm_in(directory: Path) -> Path | None:
    found = sorted(directory.glob("*.src.rpm"))
    if len(found) > 1:
        raise UsageError(f"{directory} has several source packages: say which with --srpm.")
    if not found:
        click.echo("There is no source package beside the lock; --srpm names one to be unpacked.", err=True)
    return next(iter(found), None)
