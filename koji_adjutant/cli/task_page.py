"""Everything about one task, for ``status TASK``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from koji_adjutant.cli.words import duration, moment, plain, status
from koji_adjutant.monitoring.records import (
    CacheUse,
    Container,
    Failure,
    Phase,
    Reproduction,
    Resources,
    Task,
)
from koji_adjutant.text import size


@dataclass(frozen=True)
class TaskPage:
    task: Task
    phases: Sequence[Phase]
    containers: Sequence[Container]
    cache_uses: Sequence[CacheUse]
    reproduction: Reproduction | None
    logs: str | None

    def json(self) -> dict[str, object]:
        values = asdict(self)
        return {**values.pop("task"), **values}


def show(page: TaskPage) -> RenderableType:
    task, now = page.task, time.time()
    title = Text.assemble(f"Task {task.task_id}  ", plain(task.method, "bold"), "  ", status(task.status))
    parts: list[RenderableType] = [title, _facts(page, now)]
    if page.phases:
        parts += [Text(), _phases(page.phases, now)]
    if page.containers:
        parts += [Text(), _containers(page.containers)]
    if task.failure:
        parts += [Text(), *_why(task.failure)]
    return Group(*parts)


def _facts(page: TaskPage, now: float) -> Table:
    task = page.task
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("tag", plain(task.tag))
    table.add_row("arch", plain(task.arch))
    table.add_row("source", plain(task.source))
    took = "running for" if task.running else "took"
    table.add_row("started", f"{moment(task.started_at)}, {took} {duration(task.seconds(now))}")
    if task.running and task.progress.percent is not None:
        table.add_row("about", f"{task.progress.percent} % done, judging by what such tasks took before")
    if task.image:
        table.add_row("tool image", plain(f"{task.image} {task.image_digest or ''}"))
    for use in page.cache_uses:
        table.add_row("cache", plain(f"{use.kind} {use.key} {'found' if use.hit else 'made'}"))
    used = ", ".join(_used(task.resources))
    if used:
        table.add_row("used", used)
    if task.bytes_uploaded:
        table.add_row("uploaded", size(task.bytes_uploaded))
    if page.reproduction:
        table.add_row("once more", f"{page.reproduction.said}, {moment(page.reproduction.at)}")
        for line in page.reproduction.words:
            table.add_row("", plain(line))
    table.add_row("logs", plain(page.logs or "not on this machine any more"))
    return table


def _used(resources: Resources) -> Iterable[str]:
    if resources.cpu_seconds is not None:
        yield f"{duration(resources.cpu_seconds)} of CPU time"
    sizes = (
        (resources.memory_peak, "of memory"),
        (resources.bytes_read, "read"),
        (resources.bytes_written, "written"),
    )
    for count, what in sizes:
        if count is not None:
            yield f"{size(count)} {what}"
    if resources.pids_peak is not None:
        yield f"{resources.pids_peak} processes"


def _phases(phases: Sequence[Phase], now: float) -> Table:
    table = Table("phase", "started", "took", box=None, pad_edge=False, header_style="bold")
    table.columns[2].justify = "right"
    marks = {True: Text("✓", "green"), False: Text("✗", "red"), None: Text("…", "cyan")}
    for phase in phases:
        name = (
            Text("  " * phase.depth).append_text(marks[phase.ok]).append(" ").append_text(plain(phase.name))
        )
        clock = time.strftime("%H:%M:%S", time.localtime(phase.started_at))
        table.add_row(name, clock, duration((phase.finished_at or now) - phase.started_at))
    return table


def _containers(containers: Sequence[Container]) -> Table:
    table = Table("container", "role", "", "exit", "network", box=None, pad_edge=False, header_style="bold")
    for container in containers:
        code = "" if container.exit_code is None else str(container.exit_code)
        table.add_row(
            plain(container.name), plain(container.role), container.status, code, plain(container.network)
        )
    return table


def _why(failure: Failure) -> Iterable[Text]:
    yield Text.assemble((f"Why ({failure.failure_class}): ", "bold red"), plain(failure.message))
    if failure.log:
        yield Text(f"{failure.log}, from byte {failure.offset}:")
    for line in failure.excerpt:
        yield Text("    ").append_text(plain(line))
