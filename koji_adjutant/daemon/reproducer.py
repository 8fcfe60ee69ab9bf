"""Finding out in idle time whether builds of late come out the same once more."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import koji

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.progress import PhaseObserverGroup
from koji_adjutant.buildroot.repository.download import PassingError
from koji_adjutant.buildroot.resolving.locked_packages import download, missing_packages
from koji_adjutant.buildroot.specification.lock import read_lock
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.config import KojidOptions
from koji_adjutant.config.limits import worker_limits
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import HIGHEST_NICENESS, ContainerManager, Owner
from koji_adjutant.daemon.idle_work import own_directory
from koji_adjutant.errors import AdjutantError, DamagedEntryError, DiskFull, EngineError, HubError
from koji_adjutant.images.in_use import in_use
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.events import BuildReproduced, BuildTriedAgain, Journal
from koji_adjutant.monitoring.history import open_history
from koji_adjutant.monitoring.records import Verdict
from koji_adjutant.reproduction.finished_build import build_of_task
from koji_adjutant.reproduction.once_more import built_once_more, in_words, is_same
from koji_adjutant.task_adapters.task_journal import ContainerJournal

logger = logging.getLogger(__name__)

LATELY = 14 * 86400
"""Seconds; older builds are left alone."""
TRIES = 3
"""A build that was stopped so often, by tasks that came, is one for which idle time does not suffice."""
PAUSE = 3600.0
"""Seconds between two tries of a build: what keeps one from its verdict may be over then."""
WORDS = 100
"""Lines that are kept of what differs."""
LENGTH = 500
"""Characters of such a line: names in packages may be of any length."""


def reproduce_next(options: KojidOptions, journal: Journal) -> None:
    """Do the newest build without a verdict once more, if there is any, and record what came of it.

    A try counts from its beginning: a build on which this process dies is not done again for ever. What the
    hub or the engine cannot do just now is tried again.
    """
    try:
        with open_history(database.path_in(options.adjutant.state_dir)) as history:
            task_id = history.next_to_reproduce(time.time(), lately=LATELY, tries=TRIES, pause=PAUSE)
    except sqlite3.Error as problem:
        logger.warning("Which build could be done once more is not known: %s", problem)
        return
    if task_id is None:
        return
    logger.info("The build of task %d is done once more", task_id)
    journal.record(BuildTriedAgain(task_id=task_id))
    try:
        verdict, words = _reproduce(options, journal, task_id)
    except (HubError, EngineError, DamagedEntryError, DiskFull, PassingError, OSError) as problem:
        logger.warning("The build of task %d cannot be done once more now: %s", task_id, problem)
        return
    except (AdjutantError, koji.GenericError) as problem:
        verdict, words = "failed", [str(problem)[:LENGTH]]
    logger.info("The build of task %d, once more: %s; %s", task_id, verdict, words[-1])
    journal.record(BuildReproduced(task_id=task_id, verdict=verdict, words=words))


def _reproduce(options: KojidOptions, journal: Journal, task_id: int) -> tuple[Verdict, Sequence[str]]:
    observer = ContainerJournal(journal)
    with (
        open_engine(options.adjutant, observer=observer, revive=False) as manager,
        own_directory(Path(options.workdir)) as directory,
    ):
        os.nice(HIGHEST_NICENESS)
        return _compare(options, manager, observer, task_id, directory)


def _compare(
    options: KojidOptions,
    manager: ContainerManager,
    observer: ContainerJournal,
    task_id: int,
    directory: Path,
) -> tuple[Verdict, Sequence[str]]:
    ours = options.adjutant
    cache = Cache(ours.state_dir)
    first_results, again = directory / "first", directory / "again"
    first_results.mkdir()
    again.mkdir()
    first = build_of_task(options, task_id, first_results)
    lock = read_lock(first.lock)
    download(lock, cache, missing_packages(lock, cache))
    image = manager.ensure_image_available(lock.tool_image_name, ours.image_pull_policy)
    with in_use(ours.state_dir, image.id):
        workspace = Workspace(
            manager=manager,
            tool_image=image.id,
            owner=Owner(directory.name, options.worker_id),
            cache=cache,
            workdir=directory,
            resultdir=again,
            progress=PhaseObserverGroup([]),
            limits=worker_limits(options).in_background(),
            mounts=ours.container_mounts,
            install_timeout=ours.install_timeout,
            damage_found=observer.damage_found,
            copy_roots=False,
            lock=lock,
        )
        found = built_once_more(workspace, first, lock)
    cache.tidy(ours.cache_size)
    words = [line[:LENGTH] for line in in_words(found)]
    kept = words if len(words) <= WORDS else [*words[: WORDS - 2], "…", words[-1]]
    return ("identical" if is_same(found) else "different"), kept
