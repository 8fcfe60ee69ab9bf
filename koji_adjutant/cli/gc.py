"""``koji-adjutant gc``: remove what nobody uses any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import ContainerManager
from koji_adjutant.daemon import leftovers
from koji_adjutant.daemon.leftovers import Leftover
from koji_adjutant.errors import EngineError


@click.command("gc")
@config_option
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be removed.")
@click.option(
    "--log-days",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="Keep the logs of tasks for this long.",
)
def command(config_file: Path, dry_run: bool, log_days: float) -> None:
    """Remove what nobody uses any more; safe while the worker runs.

    That is: containers, directories and claims of tasks, and of idle time, whose process was killed;
    directories that tasks have put aside; buildroots of failed tasks beyond failed_buildroot_lifetime; old
    logs; composed roots beyond cache_size, those used longest ago first. Running tasks hold locks on what
    they use.
    """
    settings = read_settings(config_file)
    ours = settings.adjutant
    number, stuck = 0, []
    with open_engine(ours) as manager:
        for leftover in _all(settings.kojid, manager, log_days):
            click.echo(f"{'would remove' if dry_run else 'removing'}: {leftover.what}")
            if not dry_run and (problem := leftover.problem_of_removal()):
                stuck.append(problem)
            number += 1
    if not dry_run:
        Cache(ours.state_dir).tidy(ours.cache_size)
    outcome = "nothing was removed" if dry_run else "the cache is within cache_size"
    click.echo(f"{number} leftovers; {outcome}")
    if stuck:
        raise EngineError(f"{len(stuck)} of them could not be removed: {'; '.join(stuck)}")


def _all(options: KojidOptions, manager: ContainerManager, log_days: float) -> Iterator[Leftover]:
    """Yield containers first: they use what comes after them."""
    return chain(
        leftovers.containers(options, manager),
        leftovers.killed_tasks(options),
        leftovers.put_aside(options),
        leftovers.commands(options),
        leftovers.kept_buildroots(options),
        leftovers.logs(options, log_days),
    )
