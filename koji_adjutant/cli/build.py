"""``koji-adjutant build``: source to RPMs, with no hub."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import koji
from rich.console import Console

from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.specification.config import SHELL, BuildrootConfig, TagOptions, for_repos
from koji_adjutant.builds.chain import make_repository, with_repository
from koji_adjutant.builds.local import MAKE_SOURCES, LocalOptions, build_source, parse_source
from koji_adjutant.cli.build_results import empty_resultdir, result_places, show_success
from koji_adjutant.cli.buildroot_shell import shell_line
from koji_adjutant.cli.configuration import podman_socket_option
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.koji_profile import PROFILE_HELP, hub_of_profile, target_option
from koji_adjutant.cli.local_mounts import mount_option, with_mounts
from koji_adjutant.cli.local_workspace import (
    check_possible,
    default_state_dir,
    local_workspace,
    provide_image,
    temporary_directory,
)
from koji_adjutant.cli.locked_root import locked_root
from koji_adjutant.cli.rpm_switches import rpm_switches, rpmbuild_options, switched
from koji_adjutant.cli.tag_buildroot import latest_of_target
from koji_adjutant.cli.why import show_why
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.host_access import BuildMount
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import NetworkMode
from koji_adjutant.errors import AdjutantError, LockError, UsageError
from koji_adjutant.images.recipe import DEFAULT_REFERENCE

_directory = click.Path(file_okay=False, path_type=Path)


@click.command("build")
@click.argument("sources", metavar="SOURCE…", nargs=-1, required=True)
@click.option("--chain", is_flag=True, help="Each SOURCE can be built with the RPMs of those before it.")
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="URL",
    help="RPM repository: a URL, a directory, mirrorlist=URL or metalink=URL.",
)
@target_option
@click.option("-p", "--profile", default="koji", show_default=True, metavar="NAME", help=f"{PROFILE_HELP}.")
@click.option(
    "--lock",
    "lock_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Instead of repositories: another build's adjutant_lock.json, to build in the same buildroot; or "
    "mock's buildroot_lock.json, with --repo DIR of its packages.",
)
@click.option("--image", help=f"Tool image: dnf, rpm, git. [default: {DEFAULT_REFERENCE}, or the lock's]")
@click.option("--arch", help="What to build for. [default: this machine's arch, or the lock's]")
@click.option("--group", help="Package group that buildroots have. [default: build, or the lock's]")
@click.option("--install", "packages", multiple=True, metavar="PACKAGE", help="In addition to BuildRequires.")
@rpm_switches
@mount_option
@click.option("--shell", "look", is_flag=True, help="When the build fails: a shell in its buildroot.")
@click.option(
    "--resultdir", type=_directory, default=Path("results"), show_default=True, help="For RPMs and logs."
)
@click.option(
    "--source-command",
    metavar="COMMAND",
    help="Run in the sources, with network, before the SRPM is made. [default: make sources]",
)
@click.option(
    "--network",
    type=click.Choice(["bridge", "host"]),
    default="bridge",
    show_default=True,
    help="For the checkout and the source command; builds have none.",
)
@click.option(
    "--state-dir",
    type=_directory,
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="Images and cached buildroots. [default: /var/lib/koji-adjutant, ~/.local/state/koji-adjutant]",
)
@podman_socket_option
def command(
    sources: Sequence[str],
    chain: bool,
    repos: Sequence[str],
    target: str | None,
    profile: str,
    lock_file: Path | None,
    image: str | None,
    arch: str | None,
    group: str | None,
    packages: Sequence[str],
    defines: Sequence[str],
    with_: Sequence[str],
    without: Sequence[str],
    nocheck: bool,
    rpmbuild_opts: str | None,
    mounts: Sequence[BuildMount],
    look: bool,
    resultdir: Path,
    source_command: str | None,
    network: NetworkMode,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Build RPMs from SOURCE, with no hub.

    SOURCE is an SCM URL (git+https://host/path#commit), a directory with a spec file, or an SRPM. Of
    several each has a directory of its own in --resultdir, and the first that fails is the last.

    The buildroot is made of the repositories given with --repo, or is the one that a build target's builds
    get now: the hub of --profile knows its repo, groups, macros and environment.

    With --lock nothing has a network, and nothing is built in any other buildroot than the lock's: the
    build is refused if it needs other packages. What is missing on this machine is named, and
    `koji-adjutant cache fetch` gets it.

    A lock of mock's names no checksums. Its packages come from the directory that --repo names, as
    mock-hermetic-repo makes it, and each has to be the one whose SIGMD5 the lock has.
    """
    parsed = [parse_source(source) for source in sources]
    locked = source_config = None
    if lock_file:
        others = [*filter(None, (group, target)), *packages]
        locked = locked_root(lock_file, parsed, arch, repos=repos, others=others)
        config, network, arch = locked.config, "none", locked.arch
    else:
        arch = arch or platform.machine()
        source_config, config = _buildroots(repos, target, profile, arch, group)
    options_of_rpmbuild = rpmbuild_options(nocheck, rpmbuild_opts)
    switches = partial(switched, defines=defines, with_=with_, without=without, options=options_of_rpmbuild)
    config, source_config = switches(config), source_config and switches(source_config)
    check_possible(arch)
    own_image = locked.tool_image_name if locked else None
    image = image or own_image or DEFAULT_REFERENCE
    state_dir = (state_dir or default_state_dir()).absolute()
    # with the worker's limits: a build's processes must not be all that this machine can have
    options = AdjutantOptions(state_dir=state_dir, podman_socket=podman_socket, task_image_default=image)
    config = with_mounts(config, mounts, options)
    resultdir = empty_resultdir(resultdir.absolute(), keep=[*parsed, *repos, *filter(None, [lock_file])])
    places = result_places(resultdir, parsed)
    source_cmd = MAKE_SOURCES if source_command is None else source_command.split()
    display = PhaseDisplay(Console(stderr=True))

    def look_into(root: Buildroot, error: Exception) -> None:
        with display.paused():
            show_why(display.console, root.workspace.resultdir, error)
            display.console.print("In the buildroot, until you leave the shell:", highlight=False)
            with suppress(AdjutantError):  # what has ended the build may have ended its container
                subprocess.call(shell_line(root, SHELL))

    build_options = LocalOptions(source_cmd, packages)
    if look:
        build_options = replace(build_options, failed=look_into)
    builds = []
    with display, open_engine(options) as manager:
        if own_image is None:
            provide_image(manager, state_dir, image, display)
        for one, place in zip(parsed, places, strict=True):
            with (
                logs_explained(display.console, place),
                temporary_directory(state_dir) as workdir,
                local_workspace(
                    manager,
                    options,
                    workdir=workdir,
                    resultdir=place,
                    network=network,
                    progress=PhaseObserverGroup([display, StateLog(place / "state.log")]),
                    lock=locked.lock if locked else None,
                ) as workspace,
            ):
                builds.append(
                    build_source(
                        workspace, config, one, arch=arch, source_config=source_config, options=build_options
                    )
                )
                if chain and one is not parsed[-1]:
                    make_repository(workspace, resultdir)
                    if len(builds) == 1:
                        config = with_repository(config, resultdir)
                        source_config = source_config and with_repository(source_config, resultdir)
    show_success(Console(), builds, display, resultdir)


@contextmanager
def logs_explained(console: Console, place: Path) -> Iterator[None]:
    """Show of what fails in the block the reason that the logs have."""
    try:
        yield
    except LockError:
        raise
    except (AdjutantError, koji.GenericError) as error:
        # the packages' buildroot, or the source package's if it did not come that far
        show_why(console, place if (place / "root.log").exists() else place / "srpm", error)
        raise


def _buildroots(
    repos: Sequence[str], target: str | None, profile: str, arch: str, group: str | None
) -> tuple[BuildrootConfig | None, BuildrootConfig]:
    """Return what the source package (None: the same) and the RPMs are built in."""
    if target and (repos or group):
        raise UsageError("--repo and --group do not go with --target: the hub says both.")
    if target:
        hub = hub_of_profile(profile)
        source, config = latest_of_target(hub, target, arch, "srpm-build", "build")
        return source, config
    if repos:
        return None, for_repos(repos, arch, group or "build", network=False, options=TagOptions())
    raise UsageError("Name repositories with --repo, a build target with --target, or a lock with --lock.")
