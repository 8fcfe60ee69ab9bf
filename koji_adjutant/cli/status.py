"""``koji-adjutant status``: what the worker does, or how one task went."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console, RenderableType

from koji_adjutant.cli import overview, task_page
from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.cli.history import find_task, worker_history
from koji_adjutant.config import Settings
from koji_adjutant.monitoring.history import History
from koji_adjutant.reproduction.task_files import log_directory

CONTAINERS_SHOWN = 200


@click.command("status")
@click.argument("task_id", metavar="[TASK]", type=int, required=False)
@config_option
@click.option("--json", "as_json", is_flag=True, help="For programs: times in seconds, sizes in bytes.")
@click.option(
    "--recent", default=10, show_default=True, metavar="N", help="How many tasks that have ended to show."
)
def command(task_id: int | None, config_file: Path, as_json: bool, recent: int) -> None:
    """Show what the worker on this machine does and did.

    With TASK, a task's number on the hub, show how that task went: phases with their times, containers, why
    it failed, where its logs are. All is read from the worker's journal; the worker need not run.
    """
    settings = read_settings(config_file)
    with worker_history(settings.adjutant.state_dir) as history:
        if task_id is None:
            seen = overview.look(settings, history, recent=recent)
            _print(json.dumps(asdict(seen)) if as_json else overview.show(seen))
        else:
            page = _page(settings, history, task_id)
            _print(json.dumps(page.json()) if as_json else task_page.show(page))


def _page(settings: Settings, history: History, task_id: int) -> task_page.TaskPage:
    task = find_task(history, task_id)
    logs = log_directory(settings.kojid, task_id)
    return task_page.TaskPage(
        task=task,
        phases=history.phases(task_id),
        containers=history.containers(task_id=str(task_id), limit=CONTAINERS_SHOWN),
        cache_uses=history.cache_uses(task_id),
        reproduction=history.reproduction(task_id),
        logs=str(logs) if logs else None,
    )


def _print(what: RenderableType) -> None:
    if isinstance(what, str):
        click.echo(what)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        # whoever reads a pipe wants whole lines
        console.width = 1000
    console.print(what)
