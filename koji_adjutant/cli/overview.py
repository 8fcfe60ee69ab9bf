"""What a worker does and did, in one look: for ``status`` and ``top``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from koji_adjutant.buildroot.cache.cache import damaged_entries
from koji_adjutant.cli.words import duration, moment, plain, status
from koji_adjutant.config import Settings
from koji_adjutant.monitoring.disks import Disk, disk_usage
from koji_adjutant.monitoring.history import History, TaskFilter
from koji_adjutant.monitoring.records import RUNNING, Day, Task, WorkerRecord
from koji_adjutant.monitoring.status import Health, worker_status
from koji_adjutant.text import size

RUNNING_SHOWN = 100
HEALTH_STYLES = {"healthy": "green", "degraded": "yellow", "draining": "cyan", "offline": "bold red"}


@dataclass(frozen=True)
class DiskSpace:
    """In bytes. ``short``: a worker takes no task for want of ``minspace``."""

    path: str
    free: int
    total: int
    short: bool


@dataclass(frozen=True)
class Overview:
    """``cache_hit_rates``: by kind of cache, from 0 to 1, since the journal began.

    ``damaged_entries``: so many of the cache are in quarantine.
    """

    at: float
    hub: str
    health: Health
    worker: WorkerRecord | None
    state_dir: str
    running: list[Task]
    recent: list[Task]
    today: Day
    containers_active: int
    cache_hit_rates: Mapping[str, float]
    damaged_entries: int
    disks: list[DiskSpace]


def look(settings: Settings, history: History, *, recent: int) -> Overview:
    """See what the journal and the disks say; ``recent``: so many of the tasks that have ended."""
    running = history.tasks(TaskFilter(status=RUNNING), limit=RUNNING_SHOWN)
    status = worker_status(history, disk_usage(settings.kojid.directories), check_process=True)
    return Overview(
        at=status.at,
        hub=settings.kojid.server or "",
        health=status.health,
        worker=status.worker,
        state_dir=str(settings.adjutant.state_dir),
        running=running,
        recent=history.tasks(TaskFilter(ended=True), limit=recent),
        today=status.today,
        containers_active=status.containers_running,
        cache_hit_rates=status.hit_rates,
        damaged_entries=len(damaged_entries(settings.adjutant.state_dir)),
        disks=[_space(disk, settings) for disk in status.disks],
    )


def show(overview: Overview) -> RenderableType:
    parts: list[RenderableType] = [_summary(overview), Text()]
    if overview.running:
        parts += [_running_table(overview), Text()]
    else:
        parts += [Text("No task is running."), Text()]
    if overview.recent:
        parts.append(_recent_table(overview))
    return Group(*parts)


def _space(disk: Disk, settings: Settings) -> DiskSpace:
    """Measure as the worker does, which asks for minspace where builds write, not where only logs are."""
    builds = disk.path in map(str, settings.kojid.build_directories)
    short = builds and disk.free_bytes < settings.kojid.minspace * 1024**2
    return DiskSpace(disk.path, disk.free_bytes, disk.total_bytes, short)


def _summary(overview: Overview) -> Table:
    table = Table.grid(padding=(0, 2))
    today = f"{overview.today.completed} completed, {overview.today.failed} failed"
    if overview.today.last_task_time:
        today += f"; the last task ended {moment(overview.today.last_task_time)}"
    health = overview.health
    word = Text(health.status, HEALTH_STYLES[health.status])
    table.add_row("worker", Text.assemble(word, *(f"; {plain(reason)}" for reason in health.reasons)))
    table.add_row("hub", plain(overview.hub))
    if overview.worker and overview.worker.capacity is not None:
        load = f"{overview.worker.task_load or 0:.1f} of {overview.worker.capacity:.1f}"
        table.add_row("load", load)
    table.add_row("now", f"{len(overview.running)} tasks, {overview.containers_active} containers")
    table.add_row("today", today)
    for kind, rate in overview.cache_hit_rates.items():
        table.add_row("cache", f"{kind}: {rate:.0%} found")
    if overview.damaged_entries:
        text = f"{overview.damaged_entries} damaged entries are in quarantine: koji-adjutant cache list"
        table.add_row("cache", Text(text, "yellow"))
    for disk in overview.disks:
        text = f"{disk.path}: {size(disk.free)} free of {size(disk.total)}"
        if disk.short:
            table.add_row("disk", Text(f"{text}, less than minspace: no task is taken", "bold red"))
        else:
            table.add_row("disk", text)
    return table


def _running_table(overview: Overview) -> Table:
    table = _table("task", "method", "tag", "arch", "source", "for", "", "stage")
    for task in overview.running:
        percent = task.progress.percent
        bar = ProgressBar(total=100, completed=percent, width=12) if percent is not None else ""
        table.add_row(
            str(task.task_id),
            plain(task.method),
            plain(task.tag),
            plain(task.arch),
            plain(task.source),
            duration(task.seconds(overview.at)),
            bar,
            plain(task.progress.stage),
        )
    return table


def _recent_table(overview: Overview) -> Table:
    table = _table("task", "method", "tag", "arch", "source", "took", "", "ended", "why")
    for task in overview.recent:
        failure = task.failure
        table.add_row(
            str(task.task_id),
            plain(task.method),
            plain(task.tag),
            plain(task.arch),
            plain(task.source),
            duration(task.seconds(overview.at)),
            status(task.status),
            moment(task.finished_at or overview.at),
            plain(f"{failure.failure_class}: {failure.message}") if failure else "",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table
