"""What the worker records: one class an event, and the Journal that takes them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from koji_adjutant.monitoring.records import ContainerFacts, Failure, Moment, Resources, TaskFacts, Verdict

TaskEnd = Literal["closed", "failed", "canceled", "refused", "interrupted"]
"""``closed`` and ``failed`` are the hub's words; ``canceled``: the worker stopped it (the hub's wish, or a
shutdown); ``refused``: given back to the hub; ``interrupted``: its process ended without saying why."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """``at``: when it happened."""

    at: Moment = field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class TaskTaken(Event, TaskFacts):
    """The worker has opened a task; an earlier try of the same task is forgotten."""


@dataclass(frozen=True, kw_only=True)
class TaskTagKnown(Event):
    """The name of the tag of a task whose request had only its number."""

    task_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class TaskLogsKept(Event):
    """The directory that a task's logs are in from now on."""

    task_id: int
    path: str


@dataclass(frozen=True, kw_only=True)
class TaskEnded(Event):
    """Said of a task that has ended already, it changes nothing."""

    task_id: int
    status: TaskEnd
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerStarted(Event):
    """No task of an earlier worker process runs any more, and none of its containers is left.

    What a worker of another hub recorded is forgotten: numbers of tasks mean nothing here then.
    """

    worker_id: str = ""
    hub: str = ""
    version: str = ""
    pid: int | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerSeen(Event):
    """The hub has answered. ``problem``: why it takes no tasks although it should; ``draining``: why it is
    meant to take none (a restart, a disabled host)."""

    capacity: float
    task_load: float
    problem: str | None = None
    draining: str | None = None
    look_again: float | None = None
    """Seconds until it asks the hub again, at most."""


@dataclass(frozen=True, kw_only=True)
class WorkerStopped(Event):
    pass


@dataclass(frozen=True, kw_only=True)
class PhaseStarted(Event):
    """``number`` counts a task's phases from 0; ``depth`` is 0 for those that are in no other."""

    task_id: int
    number: int
    depth: int
    name: str


@dataclass(frozen=True, kw_only=True)
class PhaseEnded(Event):
    task_id: int
    number: int
    ok: bool


@dataclass(frozen=True, kw_only=True)
class ContainerCreated(Event, ContainerFacts):
    pass


@dataclass(frozen=True, kw_only=True)
class ContainerStarted(Event):
    """Containers are known by id or by name."""

    container: str


@dataclass(frozen=True, kw_only=True)
class ContainerExited(Event):
    container: str
    exit_code: int | None


@dataclass(frozen=True, kw_only=True)
class ContainerRemoved(Event):
    container: str


@dataclass(frozen=True, kw_only=True)
class CacheUsed(Event):
    task_id: int
    kind: Literal["root", "buildrequires", "metadata", "packages"]
    key: str
    hit: bool


@dataclass(frozen=True, kw_only=True)
class DamageFound(Event):
    """An entry of the store is not what it was, and was put into quarantine."""

    kind: Literal["layer", "metadata"]


@dataclass(frozen=True, kw_only=True)
class RootMadeReady(Event):
    """``prewarm`` looked after the root of a new repo: ``found`` it was in the cache already."""

    result: Literal["composed", "found", "failed"]


@dataclass(frozen=True, kw_only=True)
class BuildTriedAgain(Event):
    """``reproduce`` begins to do a finished task's build once more; nothing else follows if it is stopped."""

    task_id: int


@dataclass(frozen=True, kw_only=True)
class BuildReproduced(Event):
    """What came of it; see records.Reproduction."""

    task_id: int
    verdict: Verdict
    words: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ImageResolved(Event):
    task_id: int
    image: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Uploaded(Event):
    """``size`` bytes more of a task's files have reached the hub."""

    task_id: int
    size: int


@dataclass(frozen=True, kw_only=True)
class ResourcesUsed(Event):
    """What all containers of a task together have used."""

    task_id: int
    resources: Resources


class Journal(Protocol):
    """Takes events; never raises, and costs its caller less than a millisecond."""

    def record(self, event: Event) -> None: ...


class NoJournal:
    """A Journal that keeps nothing, where there is no monitoring."""

    def record(self, event: Event) -> None:
        pass
