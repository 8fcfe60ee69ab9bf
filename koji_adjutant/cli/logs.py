"""``koji-adjutant logs``: a task's log, also while it grows."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from koji_adjutant.cli.configuration import config_option, read_settings
from koji_adjutant.cli.growing_log import GrowingLog
from koji_adjutant.cli.task_logs import TaskLogs
from koji_adjutant.cli.terminal import TerminalWriter
from koji_adjutant.container.interface import LogSink
from koji_adjutant.errors import UsageError

PAUSE = 0.2
"""Seconds between two looks at a log that grows."""


@click.command("logs")
@click.argument("task_id", metavar="TASK", type=int)
@config_option
@click.option("-f", "--follow", is_flag=True, help="Go on until the task ends.")
@click.option("--name", metavar="LOG", help="Which log, like root.log. [default: that of the latest step]")
@click.option("-n", "--lines", type=click.IntRange(min=0), metavar="N", help="Begin with the last N lines.")
@click.option("-l", "--list", "only_names", is_flag=True, help="Only name the logs that there are.")
def command(
    task_id: int, config_file: Path, follow: bool, name: str | None, lines: int | None, only_names: bool
) -> None:
    """Print a log of TASK, also while it grows.

    Byte for byte; on a terminal, control characters other than colours are shown instead of obeyed. With
    --follow and no --name the log of each step is shown when the step begins.
    """
    if name is not None and (name in ("", "..") or "/" in name):
        raise UsageError(f"{name!r} is not the name of a log: give one like root.log.")
    logs = TaskLogs(read_settings(config_file), task_id)
    if only_names:
        click.echo("\n".join(logs.names()))
        return
    with _stdout() as output:
        if not follow:
            with logs.open(logs.find(name), last_lines=lines) as log:
                _copy(log, output)
            return
        with contextlib.suppress(KeyboardInterrupt):
            _follow(logs, name, lines, output)


def _follow(logs: TaskLogs, name: str | None, lines: int | None, output: LogSink) -> None:
    """Show a log until the task ends; without ``name`` one log after the other."""
    while logs.growing() and not logs.has(name):
        time.sleep(PAUSE)
    shown: str | None = logs.find(name)
    while shown is not None:
        with logs.open(shown, last_lines=lines) as log:
            shown = _follow_one(logs, shown, log, output, change=name is None)
        if shown is not None:
            click.echo(f"==> {shown} <==", err=True)
        lines = None


def _follow_one(logs: TaskLogs, name: str, log: GrowingLog, output: LogSink, *, change: bool) -> str | None:
    """Copy a log as it grows. Returns the name of the log to go on with, None at the task's end."""
    while True:
        # looked at first: what was written before the end is not missed
        growing = logs.growing()
        latest = logs.find(None) if change else name
        _copy(log, output)
        if latest != name:
            return latest
        if not growing:
            return None
        time.sleep(PAUSE)


def _copy(log: GrowingLog, output: LogSink) -> None:
    while data := log.read():
        output.write(data)
    sys.stdout.flush()


@contextmanager
def _stdout() -> Iterator[LogSink]:
    if not sys.stdout.isatty():
        yield sys.stdout.buffer
        return
    terminal = TerminalWriter(sys.stdout.buffer)
    try:
        yield terminal
    finally:
        terminal.end()
