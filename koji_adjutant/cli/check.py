"""``koji-adjutant check``: whether this machine is ready to be a builder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from koji_adjutant.cli.checks.engine import check_engine
from koji_adjutant.cli.checks.hub import check_hub
from koji_adjutant.cli.checks.machine import check_machine
from koji_adjutant.cli.checks.moving import check_moving
from koji_adjutant.cli.checks.result import CheckResult, Level, failing
from koji_adjutant.cli.checks.selinux import check_selinux
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.errors import ConfigError
from koji_adjutant.text import printable

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command("check")
@config_option
@click.option("--no-hub", is_flag=True, help="Leave the hub alone.")
@click.option(
    "--from-kojid",
    "stock",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="Of a stock builder's kojid.conf, say what will be different here, and look at nothing else.",
)
@click.option(
    "--site-defaults",
    type=click.Path(path_type=Path),
    default=Path("/etc/mock/site-defaults.cfg"),
    show_default=True,
    metavar="FILE",
    help="With --from-kojid: mock's configuration of that builder.",
)
def command(config_file: Path, no_hub: bool, stock: Path | None, site_defaults: Path) -> None:
    """Find out whether this machine is ready to be a builder.

    Says what to do where it is not. Looks at configuration, directories, disks and topdir, starts
    containers as a task does, and logs in to the hub, without taking the session of a worker that runs.
    Ends with 1 if anything FAILs; a warning is about something that only some tasks need.
    """
    failed = False
    results = (
        failing("configuration", check_moving(stock, site_defaults))
        if stock
        else _all(config_file, hub=not no_hub)
    )
    for result in results:
        failed = failed or result.level is Level.FAIL
        mark = click.style(f"{result.level:<4}", fg=COLOURS[result.level])
        click.echo(f"{mark}  {result.subject}: {printable(result.message)}")
    if failed:
        sys.exit(1)


def _all(config_file: Path, *, hub: bool) -> Iterator[CheckResult]:
    try:
        settings = read_settings(config_file)
    except ConfigError as error:
        yield CheckResult(Level.FAIL, "configuration", str(error))
        return
    yield CheckResult(Level.OK, "configuration", f"{config_file} can be used")
    yield from check_machine(settings)
    yield from check_selinux(settings)
    yield from failing("podman", check_engine(settings.adjutant))
    if hub:
        yield from failing("hub", check_hub(settings.kojid))
