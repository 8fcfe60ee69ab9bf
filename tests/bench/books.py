"""Books of a worker that has done much: a journal, a store, a repository, of a size to be chosen."""

from __future__ import annotations

import time
from pathlib import Path

from koji_adjutant.buildroot.cache.record import Vital
from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.journal import FileJournal
from tests.bench.createrepo import run_createrepo
from tests.bench.tiny_rpms import make_packages

_TASK_SECONDS = 60.0
_ROLES = ("install", "build")


def fill_journal(directory: Path, tasks: int) -> FileJournal:
    """So many finished tasks, a minute each, one in ten failed, by what a worker records; the last is new."""
    path = database.path_in(directory)
    database.prepare(path)
    journal = FileJournal(path)
    begun = time.time() - tasks * _TASK_SECONDS
    journal.record(events.WorkerStarted(worker_id="bench", hub="http://hub", version="0", at=begun))
    for task_id in range(tasks):
        record_task(journal, task_id, begun + task_id * _TASK_SECONDS)
    journal.record(events.WorkerSeen(capacity=8.0, task_load=0.0))
    database.checkpoint(path)
    return journal


def record_task(journal: FileJournal, task_id: int, at: float) -> None:
    """All that is recorded of one task."""
    source = f"git+https://scm.bench.invalid/rpms/package-{task_id % 500}#{task_id:040x}"
    taken = events.TaskTaken(
        task_id=task_id, method="buildArch", arch="x86_64", tag="bench-build", source=source, at=at
    )
    journal.record(taken)
    for number, role in enumerate(_ROLES):
        name = f"adjutant-{task_id}-{role}"
        started = at + 10 * number
        journal.record(
            events.PhaseStarted(task_id=task_id, number=number, depth=0, name="chroot init", at=started)
        )
        journal.record(_container(f"{task_id:060x}{number:04x}", task_id, name, role, started))
        journal.record(events.ContainerStarted(container=name, at=started + 1))
        journal.record(events.ContainerExited(container=name, exit_code=0, at=started + 8))
        journal.record(events.ContainerRemoved(container=name, at=started + 8))
        journal.record(events.PhaseEnded(task_id=task_id, number=number, ok=True, at=started + 9))
    journal.record(events.CacheUsed(task_id=task_id, kind="root", key="0" * 64, hit=task_id % 3 > 0, at=at))
    status: events.TaskEnd = "failed" if task_id % 10 == 0 else "closed"
    journal.record(events.TaskEnded(task_id=task_id, status=status, at=at + _TASK_SECONDS))


def _container(identifier: str, task_id: int, name: str, role: str, at: float) -> events.ContainerCreated:
    return events.ContainerCreated(
        container_id=identifier,
        task_id=str(task_id),
        name=name,
        role=role,
        image=None,
        image_digest=None,
        command=["/usr/bin/rpmbuild", "-bb"],
        workdir="/builddir",
        user="1000:135",
        network="none",
        at=at,
    )


def fill_store(store: RootStore, entries: int) -> None:
    """Have so many layers in a store, which are all sealed, of ten small files each."""

    def compose(staging: Path) -> Vital | None:
        for number in range(10):
            (staging / f"file-{number}").write_text(f"{number}\n")
        return None

    for number in range(entries):
        with store.lease(layer(number), compose):
            pass
    store.seal()


def fill_packages(directory: Path, packages: int) -> None:
    """Have so many downloaded packages, or what looks like them to who only counts their bytes."""
    for number in range(packages):
        (directory / f"sha256-{number:064x}.rpm").write_bytes(b"a package")


def layer(number: int) -> str:
    """The key of a layer."""
    return f"{number:064x}"


def make_repository(directory: Path, packages: int) -> Path:
    """A repository of so many small packages."""
    files = make_packages(directory / "packages", packages)
    (directory / "pkglist").write_text("".join(f"packages/{path.name}\n" for path in files))
    run_createrepo(directory, directory, ["--no-database"])
    return directory
