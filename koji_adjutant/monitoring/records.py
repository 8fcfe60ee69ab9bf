"""What history tells: plain values, shared by API, dashboard, metrics and command line.

Times are seconds since the epoch, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RUNNING = "running"
"""The status of a task that has not ended; the others are events.TaskEnd."""


@dataclass(frozen=True)
class Failure:
    """Why a task failed: its class (``build``, ``dependency``, …), a sentence, the decisive log lines.

    The excerpt begins ``offset`` bytes into ``log``; both are None where that is not known.
    """

    failure_class: str
    message: str
    excerpt: Sequence[str] = ()
    log: str | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Resources:
    """From the containers' control groups; None where this host's has no such file."""

    cpu_seconds: float | None = None
    memory_peak: int | None = None
    bytes_read: int | None = None
    bytes_written: int | None = None
    pids_peak: int | None = None


@dataclass(frozen=True)
class Phase:
    """``ok`` is None while it runs."""

    number: int
    depth: int
    name: str
    started_at: float
    finished_at: float | None
    ok: bool | None


@dataclass(frozen=True)
class Progress:
    """``stage``: the innermost phase that runs, or ran last; ``percent`` is an estimate from earlier tasks of
    the same kind, None if there were none."""

    stage: str | None
    percent: int | None


@dataclass(frozen=True)
class CacheUse:
    kind: str
    key: str
    hit: bool
    at: float


@dataclass(frozen=True)
class Task:
    """``container_id`` is that of the newest container."""

    task_id: int
    method: str
    status: str
    arch: str
    tag: str | None
    source: str | None
    pid: int | None
    started_at: float
    finished_at: float | None
    log_path: str | None
    image: str | None
    image_digest: str | None
    container_id: str | None
    failure: Failure | None
    resources: Resources
    bytes_uploaded: int
    progress: Progress

    @property
    def running(self) -> bool:
        return self.status == RUNNING

    def seconds(self, now: float) -> float:
        """How long it took, or has taken so far."""
        return max(0.0, (now if self.finished_at is None else self.finished_at) - self.started_at)


@dataclass(frozen=True)
class Container:
    """``status``: created, running, exited or removed."""

    container_id: str
    task_id: str
    name: str
    role: str
    image: str | None
    image_digest: str | None
    status: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    exit_code: int | None
    command: Sequence[str]
    workdir: str
    user: str
    network: str
    mounts: Sequence[str]
    memory_limit: int | None
    cpu_limit: float | None
    pids_limit: int | None


@dataclass(frozen=True)
class Day:
    """Tasks that ended since midnight, and when the last one did (ever)."""

    completed: int
    failed: int
    last_task_time: float | None


@dataclass(frozen=True)
class Ended:
    """How many tasks ended with a status in one interval of time, ``number`` counts from 0."""

    number: int
    status: str
    count: int


@dataclass(frozen=True)
class Worker:
    """The worker that keeps this journal. ``seen_at``: when the hub answered it last.

    ``problem`` and ``draining`` say why it takes no tasks, see events.WorkerSeen.
    """

    worker_id: str
    hub: str
    version: str
    pid: int | None
    started_at: float
    seen_at: float | None
    stopped_at: float | None
    look_again: float | None
    capacity: float | None
    task_load: float | None
    problem: str | None
    draining: str | None
