"""``koji-adjutant shell``: a shell in a fresh buildroot."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.specification.config import SHELL, TagOptions, for_repos
from koji_adjutant.cli.buildroot_shell import run_in_buildroot
from koji_adjutant.cli.configuration import (
    at_another_place,
    config_option,
    podman_socket_option,
    read_settings,
    state_dir_option,
)
from koji_adjutant.cli.koji_profile import hub_of_profile, profile_option, target_option
from koji_adjutant.cli.local_workspace import default_state_dir
from koji_adjutant.cli.tag_buildroot import latest_of_tag, latest_of_target
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.errors import UsageError


@click.command("shell")
@click.argument("words", metavar="[TAG] [-- COMMAND…]", nargs=-1)
@click.option("--repo", "repos", multiple=True, metavar="URL", help="Instead of a tag: a repository.")
@click.option("--arch", default=platform.machine(), show_default="this machine's", help="Of the buildroot.")
@click.option("--group", default="build", show_default=True, help="Package group that the buildroot has.")
@click.option("--install", "packages", multiple=True, metavar="PACKAGE", help="In addition to the group.")
@click.option("--network", is_flag=True, help="With a network; builds have none.")
@click.option("--root", "as_root", is_flag=True, help="As root, with what runroot's commands may do.")
@target_option
@profile_option
@config_option
@click.option("--image", help="Tool image, instead of the configured one.")
@state_dir_option
@podman_socket_option
def command(
    words: Sequence[str],
    repos: Sequence[str],
    arch: str,
    group: str,
    packages: Sequence[str],
    network: bool,
    as_root: bool,
    target: str | None,
    profile: str | None,
    config_file: Path,
    image: str | None,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Start a shell in a fresh buildroot.

    It is gone when the shell ends. The buildroot is that of TAG's latest repo, found by the hub of the
    worker's configuration (or of --profile), that of --target's build tag, or is made of the
    repositories given with --repo. It is what builds get: the
    same packages, user, environment and isolation. What follows -- is run instead of the shell; its exit
    code is this command's.
    """
    if target or profile:
        if repos:
            raise UsageError("--repo does not go with --target and --profile: the hub says which it is.")
        hub = hub_of_profile(profile) if profile else read_settings(config_file).kojid
        options = AdjutantOptions(state_dir=default_state_dir()) if profile else hub.adjutant
        if target:
            (config,) = latest_of_target(hub, target, arch, group, network=network)
        elif words:
            config, words = latest_of_tag(hub, words[0], arch, group, network=network), words[1:]
        else:
            raise UsageError("Name a tag, or a --target, of the profile's hub.")
    elif repos:
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
        at_another_place(options, state_dir, podman_socket),
        task_image_default=image or options.task_image_default,
    )

    def install(root: Buildroot) -> None:
        if packages:
            with root.workspace.progress.phase(f"installing {', '.join(packages)}"):
                root.install(packages)

    sys.exit(run_in_buildroot(options, config, words or SHELL, prepare=install, as_root=as_root))
