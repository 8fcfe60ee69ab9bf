"""What one task records in the journal: its phases, its containers, what it took from caches and uploaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from koji_adjutant.buildroot.workspace import CacheKind
from koji_adjutant.container.cgroups import Usage
from koji_adjutant.container.interface import ContainerSpec, Image, ImageRoot, UsageMeter, VolumeMount
from koji_adjutant.monitoring import events
from koji_adjutant.monitoring.records import Resources

Number = TypeVar("Number", int, float)


class ContainerJournal:
    """Records containers, whoever they belong to. It is a ContainerObserver."""

    def __init__(self, journal: events.Journal) -> None:
        self._journal = journal
        self._images: dict[str, Image] = {}
        self._used: list[Usage] = []
        self._running: dict[str, UsageMeter] = {}
        self._turn = threading.Lock()

    def created(self, container: str, name: str, spec: ContainerSpec) -> None:
        reference = spec.root.reference if isinstance(spec.root, ImageRoot) else None
        image = self._images.get(reference) if reference else None  # tasks run from ids, people know names
        self._journal.record(
            events.ContainerCreated(
                container_id=container,
                task_id=spec.owner.task_id,
                name=name,
                role=spec.role,
                image=image.reference if image else reference,
                image_digest=image.digest if image else None,
                command=spec.command,
                workdir=str(spec.workdir),
                user=spec.user,
                network=spec.network,
                mounts=_mounts(spec.mounts),
                memory_limit=spec.limits.memory_bytes,
                cpu_limit=spec.limits.cpus,
                pids_limit=spec.limits.pids,
            )
        )

    def started(self, container: str, meter: UsageMeter | None) -> None:
        if meter:
            with self._turn:
                self._running[container] = meter
        self._journal.record(events.ContainerStarted(container=container))

    def exited(self, container: str, exit_code: int | None) -> None:
        with self._turn:
            if meter := self._running.pop(container, None):
                self._used.append(meter.read())
        self._journal.record(events.ContainerExited(container=container, exit_code=exit_code))

    def removed(self, container: str) -> None:
        self._journal.record(events.ContainerRemoved(container=container))

    def damage_found(self, key: str, _damage: Sequence[str]) -> None:
        """Record that an entry of the store was found damaged; the logs say what is wrong with it."""
        kind: Literal["layer", "metadata"] = "metadata" if key.startswith("metadata-") else "layer"
        self._journal.record(events.DamageFound(kind=kind))

    def usages(self) -> list[Usage]:
        """Return the usage of every container so far; one that still runs has its present usage."""
        with self._turn:
            return [*self._used, *(meter.read() for meter in self._running.values())]


class TaskJournal(ContainerJournal):
    """Records task ``task_id``. It is a PhaseObserver, too, and a CacheObserver."""

    def __init__(self, journal: events.Journal, task_id: int) -> None:
        super().__init__(journal)
        self._task_id = task_id
        self._phases = 0
        self._depth = 0

    def tag_known(self, tag: str) -> None:
        self._journal.record(events.TaskTagKnown(task_id=self._task_id, tag=tag))

    def logs_kept(self, directory: Path) -> None:
        self._journal.record(events.TaskLogsKept(task_id=self._task_id, path=str(directory)))

    def image_resolved(self, image: Image) -> None:
        self._images[image.id] = image
        event = events.ImageResolved(task_id=self._task_id, image=image.reference, digest=image.digest)
        self._journal.record(event)

    def cache_used(self, kind: CacheKind, key: str, hit: bool) -> None:
        self._journal.record(events.CacheUsed(task_id=self._task_id, kind=kind, key=key, hit=hit))

    def uploaded(self, size: int) -> None:
        self._journal.record(events.Uploaded(task_id=self._task_id, size=size))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        number, depth = self._phases, self._depth
        self._phases, self._depth = number + 1, depth + 1
        self._journal.record(
            events.PhaseStarted(task_id=self._task_id, number=number, depth=depth, name=name)
        )
        ok = False
        try:
            yield
            ok = True
        finally:
            self._depth = depth
            self._journal.record(events.PhaseEnded(task_id=self._task_id, number=number, ok=ok))

    def resources(self) -> Resources:
        return total(self.usages())

    def out_of_memory(self) -> bool:
        return any(usage.oom_kills for usage in self.usages())

    def resources_used(self) -> None:
        """Say it once, when no container runs any more."""
        self._journal.record(events.ResourcesUsed(task_id=self._task_id, resources=self.resources()))


def total(usages: Sequence[Usage]) -> Resources:
    """Add usages up; of peaks take the highest, that of the container which needed most."""
    return Resources(
        cpu_seconds=_known(sum, [usage.cpu_seconds for usage in usages]),
        memory_peak=_known(max, [usage.memory_peak for usage in usages]),
        bytes_read=_known(sum, [usage.bytes_read for usage in usages]),
        bytes_written=_known(sum, [usage.bytes_written for usage in usages]),
        pids_peak=_known(max, [usage.pids_peak for usage in usages]),
    )


def _known(combine: Callable[[Iterable[Number]], Number], values: Iterable[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return combine(known) if known else None


def _mounts(mounts: Sequence[VolumeMount]) -> list[str]:
    return [f"{mount.source}:{mount.target}:{'ro' if mount.read_only else 'rw'}" for mount in mounts]
