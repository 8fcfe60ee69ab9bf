"""What dead processes have left on this machine, and what nobody will ask for any more."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import koji

from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.overlay import unmount_below
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager, ContainerState
from koji_adjutant.daemon import idle_work
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.errors import EngineError
from koji_adjutant.task_adapters.container_task import FAILED, TRASH, trash

OF_PROCESS = re.compile(r"(?:local|idle|prewarm)-(\d+)(?:-.*)?")
"""Owners of containers, and work directories, of commands without a hub and of the worker's idle time; the
number is their process. ``prewarm`` is what versions before 0.2 called the latter."""


@dataclass(frozen=True)
class Leftover:
    """Something to be removed, and how."""

    what: str
    remove: Callable[[], object]

    def problem_of_removal(self) -> str | None:
        """Remove it. Returns why that cannot be done, None if it can."""
        try:
            self.remove()
        except (EngineError, OSError) as problem:
            return f"{self.what}: {problem}"
        return None


def containers(options: KojidOptions, manager: ContainerManager) -> Iterator[Leftover]:
    """Yield containers whose task, or whose command, has no process any more.

    An engine of the operator's (podman_socket) may have other workers' containers, of which nothing is known
    here: there, only those of tasks that died on this machine.
    """
    claims = TaskClaims(options.adjutant.state_dir)
    shared = options.adjutant.podman_socket is not None
    for container in manager.list_containers({f"{LABEL_PREFIX}managed": "true"}):
        owner = _owner(container)
        if shared:
            dead = owner.isdigit() and int(owner) in claims.abandoned()
        elif owner.isdigit():
            dead = not claims.held(int(owner))
        else:
            dead = _is_dead_process(owner)
        if dead:
            yield _container(container, manager)


def containers_of_processes(options: KojidOptions, manager: ContainerManager) -> Iterator[Leftover]:
    """Yield containers of commands, and of idle time, whose process is gone; none of tasks."""
    if options.adjutant.podman_socket is None:
        for container in manager.list_containers({f"{LABEL_PREFIX}managed": "true"}):
            if _is_dead_process(_owner(container)):
                yield _container(container, manager)


def killed_tasks(options: KojidOptions) -> Iterator[Leftover]:
    """Yield claims and directories of tasks whose process was killed: what is removed there is put aside."""
    for task_id in TaskClaims(options.adjutant.state_dir).abandoned():
        what = f"claim and directory of task {task_id}, which was killed: {_directory(options, task_id)}"
        yield Leftover(what, partial(clear_task, options, task_id))


def put_aside(options: KojidOptions) -> Iterator[Leftover]:
    """Yield directories that tasks that ended, or somebody for them, have put aside."""
    for directory in sorted(trash(options)):
        yield _tree("directory that a task has put aside", directory)


def clear_task(options: KojidOptions, task_id: int) -> None:
    """Forget a task that has no process any more, with its mounts gone and its directory put aside.

    Does nothing where a process does the task, or it has tidied up itself. Takes no time.
    """
    TaskClaims(options.adjutant.state_dir).clear(task_id, partial(_put_aside, _directory(options, task_id)))


def has_put_aside(options: KojidOptions, task_id: int) -> bool:
    """Return whether a directory of the task is still there that it has put aside."""
    directory = _directory(options, task_id)
    return any(directory.parent.glob(f"{directory.name}-*{TRASH}"))


def unmount_tasks(options: KojidOptions) -> None:
    """Take away what is mounted for tasks that have no process."""
    claims = TaskClaims(options.adjutant.state_dir)
    for directory in Path(options.workdir).glob("tasks/*/*"):
        if not (directory.name.isdigit() and claims.held(int(directory.name))):
            unmount_below(directory)


def commands(options: KojidOptions) -> Iterator[Leftover]:
    """Work directories of ``build`` and ``shell``, and of the worker's idle time, that were killed."""
    directory = options.adjutant.state_dir / "work"
    for work in sorted(directory.iterdir()) if directory.is_dir() else []:
        if _is_dead_process(work.name):
            yield _tree("work directory of a command that was killed", work)
    of_idle_time = (idle_work.owner("[0-9]*"), "prewarm-[0-9]*")
    for work in sorted(chain.from_iterable(map(Path(options.workdir).glob, of_idle_time))):
        if _is_dead_process(work.name):
            yield _tree("work directory of idle time's, whose process was killed", work)


def kept_buildroots(options: KojidOptions) -> Iterator[Leftover]:
    """Yield buildroots of failed tasks, kept for longer than failed_buildroot_lifetime."""
    directory = Path(options.workdir) / FAILED
    if directory.is_dir():
        roots = FailedRoots(directory)
        lifetime = options.failed_buildroot_lifetime
        for root in roots.expired(lifetime):
            yield Leftover(f"kept buildroot: {root}", partial(roots.prune, lifetime, 0))


def logs(options: KojidOptions, days: float) -> Iterator[Leftover]:
    """Yield logs of tasks that ended so many days ago."""
    directory = options.adjutant.log_dir
    before = time.time() - days * 86400
    for task in sorted(directory.iterdir()) if directory.is_dir() else []:
        if task.name.isdigit() and not task.is_symlink() and task.is_dir() and task.stat().st_mtime < before:
            yield _tree("logs of a task", task)


def _owner(container: ContainerState) -> str:
    return container.labels.get(f"{LABEL_PREFIX}task_id", "")


def _container(container: ContainerState, manager: ContainerManager) -> Leftover:
    what = f"container {container.name} of task {_owner(container)}"
    return Leftover(what, partial(manager.remove, container.id))


def _tree(what: str, directory: Path) -> Leftover:
    return Leftover(f"{what}: {directory}", partial(remove_tree, directory))


def _directory(options: KojidOptions, task_id: int) -> Path:
    return Path(options.workdir, koji.pathinfo.taskrelpath(task_id))


def _put_aside(directory: Path) -> None:
    """Rename it, as a task does with its own when it ends: deleting takes its time."""
    if directory.exists():
        unmount_below(directory)
        directory.rename(directory.with_name(f"{directory.name}-{uuid.uuid4().hex}{TRASH}"))


def _is_dead_process(owner: str) -> bool:
    match = OF_PROCESS.fullmatch(owner)
    return match is not None and not Path("/proc", match[1]).exists()
