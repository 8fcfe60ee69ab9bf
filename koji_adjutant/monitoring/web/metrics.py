"""Prometheus metrics: the journal's totals, which outlive history, and the present state.

How many series there are depends on task methods, failure classes, container roles and stages, never on
packages, tasks or containers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from starlette.requests import Request
from starlette.responses import Response

from koji_adjutant.monitoring.durations import BOUNDS
from koji_adjutant.monitoring.history import DurationSeries, History
from koji_adjutant.monitoring.records import WorkerRecord
from koji_adjutant.monitoring.status import WORDS
from koji_adjutant.monitoring.web.sources import Sources

COUNTERS = {
    "tasks_taken": ("Tasks that this worker opened.", ["method"]),
    "tasks_finished": ("Tasks that ended, by how.", ["method", "status"]),
    "task_failures": ("Failed tasks by what failed.", ["method", "class"]),
    "containers_created": ("Containers created, by what for.", ["role"]),
    "cache_uses": ("Looks into a cache, by what was found.", ["kind", "result"]),
    "damage_found": ("Entries of the store that were found damaged, by what they were.", ["kind"]),
    "roots_made_ready": ("Roots of new repos that prewarm looked after, by what came of it.", ["result"]),
    "builds_reproduced": ("Finished builds done once more, by what their packages were.", ["verdict"]),
    "bytes_uploaded": ("Bytes of logs and results that the hub has taken.", []),
    "cpu_seconds": ("CPU time of tasks' containers.", []),
    "bytes_read": ("Bytes that tasks' containers read from block devices.", []),
    "bytes_written": ("Bytes that tasks' containers wrote to block devices.", []),
}
"""By the journal's name: help, labels."""
SELDOM: Mapping[str, Sequence[tuple[str, ...]]] = {"damage_found": [("layer",), ("metadata",)]}
"""Counters that are 0 as long as all is well, and their labels: a first 1 out of nothing is no increase."""
HISTOGRAMS = {
    "task_seconds": ("How long tasks took, however they ended.", ["method"]),
    "phase_seconds": ("How long the stages of tasks took.", ["method", "stage"]),
}
PREFIX = "koji_adjutant_"


def metrics(request: Request) -> Response:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(request.app.state.sources))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class Collector:
    """prometheus_client asks it for everything, once a request."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        with self._sources.history() as history:
            yield from _totals(history)
            yield from _present(self._sources, history)

    def describe(self) -> Iterable[Metric]:
        return []


def _totals(history: History) -> Iterator[Metric]:
    totals = history.totals()
    for name, (text, labels) in COUNTERS.items():
        counter = CounterMetricFamily(PREFIX + name, text, labels=labels)
        seldom = dict.fromkeys(SELDOM.get(name, ()), 0.0)
        for values, total in sorted((seldom | totals.get(name, {})).items()):
            counter.add_metric(list(values), total)
        yield counter
    for name, (text, labels) in HISTOGRAMS.items():
        histogram = HistogramMetricFamily(PREFIX + name, text, labels=labels)
        for series in history.durations(name):
            histogram.add_metric(list(series.labels), _buckets(series), series.seconds)
        yield histogram


def _buckets(series: DurationSeries) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip([*map(str, map(float, BOUNDS)), "+Inf"], series.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _present(sources: Sources, history: History) -> Iterator[Metric]:
    now = sources.status(history)
    states = GaugeMetricFamily(PREFIX + "status", "1 for the worker's present status.", labels=["status"])
    for word in WORDS:
        states.add_metric([word], float(word == now.health.status))
    yield states
    yield _gauge("tasks_running", "Tasks that run now.", now.tasks_running)
    yield _gauge("containers_running", "Containers that run now.", now.containers_running)
    if now.worker is not None:
        yield from _worker(now.worker)
    cache = sources.cache()
    yield _gauge("cache_entries", "Composed roots, layers and metadata in the store.", cache.entries)
    yield _gauge("cache_size_bytes", "What they take on disk.", cache.size_bytes)
    yield _gauge("cache_limit_bytes", "What they may take (cache_size).", cache.limit_bytes)
    free = GaugeMetricFamily(PREFIX + "disk_free_bytes", "Free space where it writes.", labels=["path"])
    size = GaugeMetricFamily(PREFIX + "disk_size_bytes", "Size of that file system.", labels=["path"])
    for disk in now.disks:
        free.add_metric([disk.path], disk.free_bytes)
        size.add_metric([disk.path], disk.total_bytes)
    yield from (free, size)


def _worker(worker: WorkerRecord) -> Iterator[Metric]:
    info = InfoMetricFamily(PREFIX + "worker", "Which worker this is.")
    info.add_metric([], {"worker_id": worker.worker_id, "hub": worker.hub, "version": worker.version})
    yield info
    yield _gauge("start_time_seconds", "When the worker started, since the epoch.", worker.started_at)
    if worker.seen_at is not None:
        yield _gauge("hub_answered_time_seconds", "When the hub answered last.", worker.seen_at)
    if worker.capacity is not None and worker.task_load is not None:
        yield _gauge("capacity", "The host's capacity at the hub.", worker.capacity)
        yield _gauge("task_load", "The weight of the tasks that run.", worker.task_load)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value=value)
