"""``koji-adjutant top``: the worker's tasks, live."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from koji_adjutant.cli import overview
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.cli.history import worker_history
from koji_adjutant.errors import UsageError

RECENT_SHOWN = 50
"""More than fit are cut off by the terminal's height."""


@click.command("top")
@config_option
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
def command(config_file: Path, interval: float) -> None:
    """Watch the worker on this machine, live.

    Running tasks and their stages, what ended and why, disks. Reads the worker's journal, as `status`
    does. Ctrl-C ends it.
    """
    settings = read_settings(config_file)
    console = Console(highlight=False)
    if not console.is_terminal:
        raise UsageError("top needs a terminal; `koji-adjutant status` prints one look.")

    def look() -> overview.Overview:
        with worker_history(settings.adjutant.state_dir) as history:
            return overview.look(settings, history, recent=RECENT_SHOWN)

    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(overview.show(look()), console=console, screen=True, auto_refresh=False) as live,
    ):
        while True:
            time.sleep(interval)
            live.update(overview.show(look()), refresh=True)
