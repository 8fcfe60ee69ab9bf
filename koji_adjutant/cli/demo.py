"""``koji-adjutant demo``: watch a package go from git to tagged RPMs on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.farm import STOP_ORDER, Farm
from koji_adjutant.demo.report import Report
from koji_adjutant.demo.services import running, stop_all
from koji_adjutant.demo.stage import is_url, logs_of, ports_file, set_stage
from koji_adjutant.demo.tools import provide_tool_image
from koji_adjutant.demo.walk import Walk

directory_option = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path),
    required=True,
    help="Where the demo keeps its things.",
)
state_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    required=True,
    help="Images and composed roots, kept between runs.",
)


def _repository(context: click.Context, option: click.Parameter, given: str) -> str:
    if is_url(given):
        return given
    directory = click.Path(path_type=Path, file_okay=False, exists=True).convert(given, option, context)
    return str(Path(directory).absolute())


repo_option = click.option(
    "--repo",
    callback=_repository,
    metavar="DIRECTORY|URL",
    required=True,
    help="A dnf repository: a directory with the groups build and srpm-build, or a distribution's URL.",
)
package_option = click.option(
    "--package",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The directory with the sources of the package to build.",
)


@click.group()
def command() -> None:
    """Watch a package go from git to tagged RPMs: hub, worker and podman, all on this machine."""


@command.command()
@directory_option
@state_option
@repo_option
@package_option
def run(directory: Path, state_dir: Path, repo: str, package: Path) -> None:
    """Do everything once, and stop everything again."""
    walk = _walk(directory, state_dir, repo, package)
    walk.farm.clear()
    try:
        provide_tool_image(state_dir, walk.tool_image, walk.farm.report)
        commit = walk.set_up()
        walk.build(commit)
    except DemoError:
        sys.exit(1)
    finally:
        stop_all(walk.farm.stage.logs, STOP_ORDER)
    walk.write_record(directory / "record.json")
    walk.farm.report.print_summary()


@command.command()
@directory_option
@state_option
@repo_option
@package_option
def up(directory: Path, state_dir: Path, repo: str, package: Path) -> None:
    """Start hub and worker and leave them running."""
    walk = _walk(directory, state_dir, repo, package)
    walk.farm.clear()
    try:
        provide_tool_image(state_dir, walk.tool_image, walk.farm.report)
        commit = walk.set_up()
    except DemoError:
        stop_all(walk.farm.stage.logs, STOP_ORDER)
        sys.exit(1)
    walk.explain_how_to_play(commit)


@command.command()
@directory_option
def down(directory: Path) -> None:
    """Stop what ``up`` started."""
    names = running(logs_of(directory))
    stop_all(logs_of(directory), STOP_ORDER)
    click.echo(f"Stopped: {', '.join(names)}" if names else "Nothing was running")


@command.command()
@directory_option
@state_option
def clean(directory: Path, state_dir: Path) -> None:
    """Stop everything and remove all that the demo made."""
    stop_all(logs_of(directory), STOP_ORDER)
    for leftover in (directory, state_dir):
        remove_tree(leftover)
        if leftover.exists():
            raise DemoError(f"{leftover} could not be removed whole: see findmnt for what is mounted there")
    ports_file(directory).unlink(missing_ok=True)


def _walk(directory: Path, state_dir: Path, repo: str, package: Path) -> Walk:
    stage = set_stage(directory.absolute(), state_dir.absolute(), repo)
    console = Console(highlight=False)
    return Walk(Farm(stage, Report(console)), package.absolute(), AdjutantOptions().task_image_default)
