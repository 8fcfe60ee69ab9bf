"""What history has: plain values, shared by API, dashboard, metrics and command line.

A field is defined here alone: the journal's columns (schema.sql) have the same names, and the API's JSON and
its description are made from these classes. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

Moment = Annotated[float, "seconds since the epoch"]

Verdict = Literal["identical", "different", "failed"]
"""Of packages that were built once more: the same; others; none, since the build could not be done again."""

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
    started_at: Moment
    finished_at: Moment | None
    ok: bool | None


@dataclass(frozen=True)
class Progress:
    """``stage``: the innermost phase that runs, or ran last; ``percent`` is an estimate from earlier tasks of
    the same kind, None if there were none."""

    stage: str | None
    percent: int | None


@dataclass(frozen=True)
class Reproduction:
    """A finished task's build, done once more in idle time.

    ``verdict`` is a Verdict, or None where it was stopped each of the ``tries`` so far; ``words`` say in what
    the packages differ, or why the build could not be done again.
    """

    tries: int
    verdict: str | None
    words: Sequence[str]
    at: Moment

    @property
    def said(self) -> str:
        return self.verdict or "no verdict yet"


@dataclass(frozen=True)
class CacheUse:
    kind: str
    key: str
    hit: bool
    at: Moment


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What is known of a task when it is taken. ``log_path``: the directory of its logs."""

    task_id: int
    method: str
    arch: str
    tag: str | None = None
    source: str | None = None
    pid: int | None = None
    log_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Task(TaskFacts):
    """``container_id`` is that of the newest container."""

    status: str
    started_at: Moment
    finished_at: Moment | None
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
        """Return how long it took, or has taken so far."""
        return max(0.0, (now if self.finished_at is None else self.finished_at) - self.started_at)


@dataclass(frozen=True, kw_only=True)
class ContainerFacts:
    """What is known of a container when it is created.

    ``task_id`` is a word for what works without a hub. ``image`` is None for a container over a plain
    directory; ``mounts`` are ``source:target:ro|rw``.
    """

    container_id: str
    task_id: str
    name: str
    role: str
    image: str | None
    image_digest: str | None
    command: Sequence[str]
    workdir: str
    user: str
    network: str
    mounts: Sequence[str] = ()
    memory_limit: int | None = None
    cpu_limit: float | None = None
    pids_limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Container(ContainerFacts):
    """``status``: created, running, exited or removed; ``created_at`` is None if only the engine knows it."""

    status: str
    created_at: Moment | None
    started_at: Moment | None
    finished_at: Moment | None
    exit_code: int | None


@dataclass(frozen=True)
class Day:
    """Tasks that ended since midnight, and when the last one did (ever)."""

    completed: int
    failed: int
    last_task_time: Moment | None


@dataclass(frozen=True)
class Ended:
    """How many tasks ended with a status in one interval of time, ``number`` counts from 0."""

    number: int
    status: str
    count: int


@dataclass(frozen=True)
class WorkerRecord:
    """The worker that keeps this journal. ``seen_at``: when the hub answered it last.

    ``problem`` and ``draining`` say why it takes no tasks, see events.WorkerSeen.
    """

    worker_id: str
    hub: str
    version: str
    pid: int | None
    started_at: Moment
    seen_at: Moment | None
    stopped_at: Moment | None
    look_again: float | None
    capacity: float | None
    task_load: float | None
    problem: str | None
    draining: str | None
