"""Making roots ready before a build wants them: for the new repos of tags that were built for lately."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import koji

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.cache.recent import RecentRoot, RecentRoots, Tries
from koji_adjutant.buildroot.layers.layers import open_layers
from koji_adjutant.buildroot.progress import PhaseObserverGroup
from koji_adjutant.buildroot.workspace import CacheKind, Workspace
from koji_adjutant.config import KojidOptions
from koji_adjutant.config.limits import worker_limits
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import HIGHEST_NICENESS, ContainerManager, Owner
from koji_adjutant.daemon.idle_work import own_directory
from koji_adjutant.errors import AdjutantError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import RepoRow
from koji_adjutant.hub.session import hub_errors_explained, impatient_session
from koji_adjutant.hub.tag_config import config_in_repo
from koji_adjutant.monitoring.events import Journal, RootMadeReady
from koji_adjutant.policy.rules import Subject
from koji_adjutant.task_adapters.task_image import choose_image, chosen_image
from koji_adjutant.task_adapters.task_journal import ContainerJournal

logger = logging.getLogger(__name__)

LOG = "prewarm.log"
LOG_SIZE = 10_000_000
"""Bytes from which on the next log begins; of the former ones, one is kept."""
METHODS = {"build": "buildArch", "srpm-build": "buildSRPMFromSCM", "wrapper-rpm-build": "wrapperRPM"}
"""Groups of buildroots, and the task whose image makes them."""
REFUSALS = (koji.GenericError, koji.xmlrpcplus.Fault)
"""What the hub answers when it does not do what it is asked."""


@dataclass(frozen=True)
class Due:
    """A root that is to be composed for a repo, and what became of it before."""

    root: RecentRoot
    repo: RepoRow
    tries: Tries


def make_ready(options: KojidOptions, journal: Journal) -> None:
    """Compose the roots of the tags of late whose newest repo has none yet."""
    recent = RecentRoots(options.adjutant.state_dir / "recent", options.server or "")
    session = impatient_session(options)
    try:
        with hub_errors_explained(options):
            due = list(_due(session, recent))
        if due:
            _make_ready(options, session, recent, due, journal)
    except (AdjutantError, *REFUSALS, OSError) as problem:
        logger.warning("No roots can be made ready now: %s", problem)


def _due(session: HubSession, recent: RecentRoots) -> Iterator[Due]:
    repos: dict[str, RepoRow | None] = {}
    for root, tries in recent.latest():
        try:
            repo = repos[root.tag] = repos[root.tag] if root.tag in repos else session.getRepo(root.tag)
        except (koji.AuthError, koji.ServerOffline):
            raise
        except REFUSALS as refusal:
            logger.warning("No more roots are made ready for %s before its next build: %s", root.tag, refusal)
            recent.forget(root)
            continue
        if repo is not None and not tries.are_over(repo["id"]):
            yield Due(root, repo, tries)


def _make_ready(
    options: KojidOptions, session: HubSession, recent: RecentRoots, due: Sequence[Due], journal: Journal
) -> None:
    ours = options.adjutant
    with (
        open_engine(
            ours,
            observer=ContainerJournal(journal),
            revive=False,
        ) as manager,
        own_directory(Path(options.workdir)) as directory,
        _open_log(ours.log_dir) as log,
    ):
        os.nice(HIGHEST_NICENESS)
        composer = Composer(options, session, manager, directory, log, journal)
        for number, one in enumerate(due):
            _try(composer, recent, one, str(number))
    cache = Cache(ours.state_dir)
    cache.tidy(ours.cache_size)
    cache.store.seal()


def _try(composer: Composer, recent: RecentRoots, due: Due, name: str) -> None:
    """Compose one root. It counts as failed from the beginning: what kills us is not to be tried at once."""
    root, repo_id = due.root, int(due.repo["id"])
    failed = due.tries.failed(repo_id)
    recent.keep(root, failed)
    try:
        composer.compose(due, name)
    except SystemExit:
        recent.keep(root, due.tries)  # a task came: nobody's failure
        raise
    except (AdjutantError, *REFUSALS, OSError) as problem:
        composer.failed(due, problem)
    else:
        recent.keep(root, Tries(repo_id))


@dataclass(frozen=True)
class Composer:
    """What composing takes that is the same for all roots."""

    options: KojidOptions
    session: HubSession
    manager: ContainerManager
    directory: Path
    log: BinaryIO
    journal: Journal

    def compose(self, due: Due, name: str) -> None:
        """Compose the root into the store, in a new directory ``name``."""
        root, ours = due.root, self.options.adjutant
        self._say(f"{root}, repo {due.repo['id']}")
        with hub_errors_explained(self.options):
            config = config_in_repo(
                self.session, self.options, root.tag, due.repo, root.arch, root.group, network=False
            )
        subject = Subject(root.tag, config.arch, METHODS.get(root.group, "runroot"))
        choice = choose_image(self.session, self.options, subject)
        if choice.warning:
            self._say(f"warning: {choice.warning}")
        self._say(f"Image {choice.image}, chosen by {choice.reason}")
        workdir = self.directory / name
        workdir.mkdir()
        with chosen_image(self.manager, ours.state_dir, choice, ours.image_pull_policy) as image:
            workspace = Workspace(
                manager=self.manager,
                tool_image=image.id,
                owner=Owner(self.directory.name, self.options.worker_id),
                cache=Cache(ours.state_dir),
                workdir=workdir,
                resultdir=workdir,
                progress=PhaseObserverGroup([]),
                limits=worker_limits(self.options).in_background(),
                mounts=ours.container_mounts,
                install_timeout=ours.install_timeout,
                cache_used=self._cache_used,
                damage_found=ContainerJournal(self.journal).damage_found,
            )
            with open_layers(workspace, config, self.log) as layers:
                logger.info("Root %s is ready: %s, repo %d", layers.key, root, due.repo["id"])

    def failed(self, due: Due, problem: Exception) -> None:
        self._say(f"Failed: {problem}")
        self.journal.record(RootMadeReady(result="failed"))
        logger.warning("No root could be made ready: %s, repo %d: %s", due.root, due.repo["id"], problem)

    def _cache_used(self, kind: CacheKind, _key: str, hit: bool) -> None:
        if kind == "root":
            self.journal.record(RootMadeReady(result="found" if hit else "composed"))

    def _say(self, line: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        self.log.write(f"{now} {line}\n".encode(errors="replace"))


@contextmanager
def _open_log(log_dir: Path) -> Iterator[BinaryIO]:
    log_dir.mkdir(parents=True, exist_ok=True)
    path = log_dir / LOG
    if path.exists() and path.stat().st_size >= LOG_SIZE:
        path.replace(path.with_name(f"{LOG}.1"))
    with path.open("ab", buffering=0) as log:
        yield log
