"""``koji-adjutant shell``: a shell in a fresh buildroot."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
import koji
from rich.console import Console

from koji_adjutant.buildroot.arch import personality
from koji_adjutant.buildroot.config import CHROOT_HOME, BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Privileges, open_buildroot
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.local_workspace import (
    default_state_dir,
    local_workspace,
    provide_image,
    temporary_directory,
)
from koji_adjutant.cli.tag_buildroot import latest_of_tag
from koji_adjutant.cli.why import show_why
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager
from koji_adjutant.errors import AdjutantError, UsageError

SHELL = ("/bin/bash", "--login")


@click.command("shell")
@click.argument("words", metavar="[TAG] [-- COMMAND…]", nargs=-1)
@click.option("--repo", "repos", multiple=True, metavar="URL", help="Instead of a tag: a repository.")
@click.option("--arch", default=platform.machine(), show_default=True, help="Of the buildroot.")
@click.option("--group", default="build", show_default=True, help="Package group that the buildroot has.")
@click.option("--install", "packages", multiple=True, metavar="PACKAGE", help="In addition to the group.")
@click.option("--network", is_flag=True, help="With a network; builds have none.")
@click.option("--root", "as_root", is_flag=True, help="As root, with what runroot's commands may do.")
@config_option
@click.option("--image", help="Tool image, instead of the configured one.")
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="Images and cached buildroots, instead of the worker's.",
)
@click.option("--podman-socket", envvar="KOJI_ADJUTANT_PODMAN_SOCKET", help="Instead of a private service.")
def command(
    words: Sequence[str],
    repos: Sequence[str],
    arch: str,
    group: str,
    packages: Sequence[str],
    network: bool,
    as_root: bool,
    config_file: Path,
    image: str | None,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Start a shell in a fresh buildroot.

    It is gone when the shell ends. The buildroot is that of TAG's latest repo, found by the hub of the
    worker's configuration, or is made of the repositories given with --repo. It is what builds get: the
    same packages, user, environment and isolation. What follows -- is run instead of the shell; its exit
    code is this command's.
    """
    if repos:
        options = AdjutantOptions(state_dir=default_state_dir())
        config = for_repos(repos, arch, group, network=network, options=TagOptions())
    elif words:
        settings = read_settings(config_file)
        options = settings.adjutant
        config = latest_of_tag(settings.kojid, words[0], arch, group, network=network)
        words = words[1:]
    else:
        raise UsageError("Name a tag, or repositories with --repo.")
    options = replace(
        options,
        state_dir=(state_dir or options.state_dir).absolute(),
        podman_socket=podman_socket or options.podman_socket,
        task_image_default=image or options.task_image_default,
    )
    sys.exit(_in_buildroot(options, config, packages, words or SHELL, as_root=as_root))


def _in_buildroot(
    options: AdjutantOptions,
    config: BuildrootConfig,
    packages: Sequence[str],
    command: Sequence[str],
    *,
    as_root: bool,
) -> int:
    """The exit status of the command, or of the shell, that was run in the buildroot."""
    display = PhaseDisplay(Console(stderr=True))
    with ExitStack() as stack:
        resultdir = stack.enter_context(temporary_directory(options.state_dir))
        try:
            with display:
                manager = stack.enter_context(
                    open_engine(
                        state_dir=options.state_dir,
                        podman_socket=options.podman_socket,
                        timeouts=options.container_timeouts,
                        labels=options.container_labels,
                    )
                )
                workspace = stack.enter_context(
                    local_workspace(
                        manager,
                        options.state_dir,
                        workdir=stack.enter_context(temporary_directory(options.state_dir)),
                        resultdir=resultdir,
                        image=options.task_image_default,
                        network=options.network_mode,
                        progress=display,
                        limits=options.limits,
                        cache_size=options.cache_size,
                    )
                )
                provide_image(manager, options.state_dir, options.task_image_default, display)
                privileges = Privileges(ROOT_CAPABILITIES) if as_root else None
                root = stack.enter_context(open_buildroot(workspace, config, privileges))
                if packages:
                    with display.phase(f"installing {', '.join(packages)}"):
                        root.install(packages)
                root.capture(["true"])  # starts its container
        except (AdjutantError, koji.GenericError) as error:
            show_why(display.console, resultdir, error)
            raise
        line = _command_line(manager, workspace.owner.task_id, config, command, as_root=as_root)
        return subprocess.call(line)


def _command_line(
    manager: ContainerManager, owner: str, config: BuildrootConfig, command: Sequence[str], *, as_root: bool
) -> list[str]:
    labels = {f"{LABEL_PREFIX}task_id": owner, f"{LABEL_PREFIX}role": "build"}
    (container,) = manager.list_containers(labels)
    return manager.interactive_exec(
        container.id,
        [*personality(config), *command],
        user="0:0" if as_root else f"{BUILD_UID}:{BUILD_GID}",
        workdir=CHROOT_HOME,
        # the terminal is the caller's, all else is the build's
        environment={**config.environment, "TERM": os.environ.get("TERM", "dumb")},
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )
