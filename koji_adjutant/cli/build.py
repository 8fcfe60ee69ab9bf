"""``koji-adjutant build``: source to RPMs, with no hub."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import koji
from rich.console import Console
from rich.table import Table

from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.specification.lock import Lock, read_lock
from koji_adjutant.builds.local import MAKE_SOURCES, LocalBuild, build_source, parse_source
from koji_adjutant.cli.configuration import podman_socket_option
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.local_workspace import (
    check_possible,
    default_state_dir,
    local_workspace,
    provide_image,
    temporary_directory,
)
from koji_adjutant.cli.why import show_why
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import NetworkMode
from koji_adjutant.errors import AdjutantError, LockError, UsageError
from koji_adjutant.images.recipe import DEFAULT_REFERENCE
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.text import size

MARKER = ".koji-adjutant"
"""Marks a result directory of ours, which the next build may empty."""

_directory = click.Path(file_okay=False, path_type=Path)


@click.command("build")
@click.argument("source")
@click.option("--repo", "repos", multiple=True, metavar="URL", help="RPM repository (URL or directory).")
@click.option(
    "--lock",
    "lock_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Instead of repositories: another build's buildroot_lock.json, to build in the same buildroot.",
)
@click.option("--image", help=f"Tool image: dnf, rpm, git. [default: {DEFAULT_REFERENCE}, or the lock's]")
@click.option("--arch", help=f"What to build for. [default: {platform.machine()}, or the lock's]")
@click.option("--group", help="Package group that buildroots have. [default: build, or the lock's]")
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
    source: str,
    repos: Sequence[str],
    lock_file: Path | None,
    image: str | None,
    arch: str | None,
    group: str | None,
    resultdir: Path,
    source_command: str | None,
    network: NetworkMode,
    state_dir: Path | None,
    podman_socket: str | None,
) -> None:
    """Build RPMs from SOURCE, with no hub.

    SOURCE is an SCM URL (git+https://host/path#commit), a directory with a spec file, or an SRPM.

    With --lock nothing has a network, and nothing is built in any other buildroot than the lock's: the
    build is refused if it needs other packages. What is missing on this machine is named, and
    `koji-adjutant cache fetch` gets it.
    """
    parsed = parse_source(source)
    lock = None
    if lock_file:
        lock = _usable_lock(lock_file, parsed, resultdir, otherwise=[*repos, *([group] if group else [])])
        config, network, arch = replace(lock.config, network=False), "none", lock.arch_to_build(arch)
    elif repos:
        arch = arch or platform.machine()
        config = for_repos(repos, arch, group or "build", network=False, options=TagOptions())
    else:
        raise UsageError("Name repositories with --repo, or a lock with --lock.")
    check_possible(arch)
    image = image or (lock.tool_image_name if lock else DEFAULT_REFERENCE)
    resultdir = _empty_resultdir(resultdir.absolute())
    state_dir = (state_dir or default_state_dir()).absolute()
    source_cmd = MAKE_SOURCES if source_command is None else source_command.split()
    # with the worker's limits: a build's processes must not be all that this machine can have
    options = AdjutantOptions(state_dir=state_dir, podman_socket=podman_socket, task_image_default=image)
    display = PhaseDisplay(Console(stderr=True))
    try:
        with (
            display,
            open_engine(options) as manager,
            temporary_directory(state_dir) as workdir,
            local_workspace(
                manager,
                options,
                workdir=workdir,
                resultdir=resultdir,
                network=network,
                progress=PhaseObserverGroup([display, StateLog(resultdir / "state.log")]),
                lock=lock,
            ) as workspace,
        ):
            if lock is None:
                provide_image(manager, state_dir, image, display)
            build = build_source(workspace, config, parsed, arch=arch, source_cmd=source_cmd)
    except LockError:
        raise
    except (AdjutantError, koji.GenericError) as error:
        # the packages' buildroot, or the source package's if it did not come that far
        logs = resultdir if (resultdir / "root.log").exists() else resultdir / "srpm"
        show_why(display.console, logs, error)
        raise
    _show_success(Console(), build, display, resultdir)


def _usable_lock(file: Path, source: Path | ScmSource, resultdir: Path, otherwise: Sequence[str]) -> Lock:
    """Read the lock in a file. Raises UsageError if it does not go with what else is asked for."""
    if otherwise:
        raise UsageError("--repo and --group do not go with --lock: the lock says both.")
    if isinstance(source, ScmSource):
        raise UsageError("--lock builds without a network: give an SRPM, or the directory of a checkout.")
    if file.resolve().is_relative_to(resultdir.resolve()):
        raise UsageError(
            f"{file} would be removed with what else is in {resultdir}: give another --resultdir."
        )
    return read_lock(file)


def _empty_resultdir(resultdir: Path) -> Path:
    """Return an empty directory for results; only one that an earlier build filled is emptied."""
    marker = resultdir / MARKER
    if marker.exists():
        shutil.rmtree(resultdir)
    elif resultdir.exists() and any(resultdir.iterdir()):
        raise UsageError(f"{resultdir} has files that no build of ours put there; give another --resultdir")
    resultdir.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return resultdir


def _show_success(console: Console, build: LocalBuild, display: PhaseDisplay, resultdir: Path) -> None:
    packages = Table("package", "size", box=None, pad_edge=False, header_style="bold")
    packages.columns[1].justify = "right"
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
    console.print(
        f"\n{build.installed} packages in the buildroot; RPMs and logs are in {resultdir}", highlight=False
    )
