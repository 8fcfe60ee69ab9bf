"""What dead processes have left on this machine, and what nobody will ask for any more."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import koji

from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.config import Settings
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager
from koji_adjutant.daemon import prewarmer
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.task_adapters.container_task import FAILED, TRASH

OF_PROCESS = re.compile(r"(?:local|prewarm)-(\d+)(?:-.*)?")
"""Owners of containers, and work directories, of commands without a hub and of the worker's prewarm; the
number is their process."""


@dataclass(frozen=True)
class Leftover:
    """Something to be removed, and how."""

    what: str
    remove: Callable[[], object]


def containers(settings: Settings, manager: ContainerManager) -> Iterator[Leftover]:
    """Yield containers whose task, or whose command, has no process any more.

    An engine of the operator's (podman_socket) may have other workers' containers, of which nothing is known
    here: there, only those of tasks that died on this machine.
    """
    claims = TaskClaims(settings.adjutant.state_dir)
    shared = settings.adjutant.podman_socket is not None
    for container in manager.list_containers({f"{LABEL_PREFIX}managed": "true"}):
        owner = container.labels.get(f"{LABEL_PREFIX}task_id", "")
        if shared:
            dead = owner.isdigit() and int(owner) in claims.abandoned()
        elif owner.isdigit():
            dead = not claims.held(int(owner))
        else:
            dead = _is_dead_process(owner)
        if dead:
            what = f"container {container.name} of task {owner}"
            yield Leftover(what, partial(manager.remove, container.id))


def tasks(settings: Settings) -> Iterator[Leftover]:
    """Yield directories of tasks whose process was killed, and those that ended tasks have put aside."""
    workdir = Path(settings.kojid.workdir)
    claims = TaskClaims(settings.adjutant.state_dir)
    for task_id in claims.abandoned():
        directory = workdir / koji.pathinfo.taskrelpath(task_id)
        what = f"claim and directory of task {task_id}, which was killed: {directory}"
        yield Leftover(what, partial(claims.clear, task_id, partial(_put_aside, directory)))
    for directory in sorted(workdir.glob(f"tasks/*/*{TRASH}")):
        yield _tree("directory that a task has put aside", directory)


def commands(settings: Settings) -> Iterator[Leftover]:
    """Work directories of ``build`` and ``shell``, and of the worker's prewarm, that were killed."""
    directory = settings.adjutant.state_dir / "work"
    for work in sorted(directory.iterdir()) if directory.is_dir() else []:
        if _is_dead_process(work.name):
            yield _tree("work directory of a command that was killed", work)
    for work in sorted(Path(settings.kojid.workdir).glob(prewarmer.owner("[0-9]*"))):
        if _is_dead_process(work.name):
            yield _tree("work directory of a prewarm that was killed", work)


def kept_buildroots(settings: Settings) -> Iterator[Leftover]:
    """Yield buildroots of failed tasks, kept for longer than failed_buildroot_lifetime."""
    directory = Path(settings.kojid.workdir) / FAILED
    if directory.is_dir():
        roots = FailedRoots(directory)
        lifetime = settings.kojid.failed_buildroot_lifetime
        for root in roots.expired(lifetime):
            yield Leftover(f"kept buildroot: {root}", partial(roots.prune, lifetime, 0))


def logs(settings: Settings, days: float) -> Iterator[Leftover]:
    """Yield logs of tasks that ended so many days ago."""
    directory = settings.adjutant.log_dir
    before = time.time() - days * 86400
    for task in sorted(directory.iterdir()) if directory.is_dir() else []:
        if task.name.isdigit() and not task.is_symlink() and task.is_dir() and task.stat().st_mtime < before:
            yield _tree("logs of a task", task)


def _tree(what: str, directory: Path) -> Leftover:
    return Leftover(f"{what}: {directory}", partial(remove_tree, directory))


def _put_aside(directory: Path) -> None:
    """Rename it, as a task does with its own when it ends: deleting takes its time."""
    if directory.exists():
        directory.rename(directory.with_name(f"{directory.name}-{uuid.uuid4().hex}{TRASH}"))


def _is_dead_process(owner: str) -> bool:
    match = OF_PROCESS.fullmatch(owner)
    return match is not None and not Path("/proc", match[1]).exists()
