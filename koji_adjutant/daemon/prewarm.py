"""Making roots ready before a build wants them: in idle time, for the new repos of tags that were built for
lately."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import koji
import requests

from koji_adjutant.buildroot.cache import Cache
from koji_adjutant.buildroot.config import for_tag
from koji_adjutant.buildroot.layers import open_layers
from koji_adjutant.buildroot.progress import Together
from koji_adjutant.buildroot.recent import RecentRoot, RecentRoots
from koji_adjutant.buildroot.removal import remove_tree
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager, Owner
from koji_adjutant.daemon.die_with_parent import die_with_parent
from koji_adjutant.daemon.login import impatient_session
from koji_adjutant.errors import AdjutantError
from koji_adjutant.policy.rules import Subject
from koji_adjutant.task_adapters.task_buildroot import tag_options
from koji_adjutant.task_adapters.task_image import choose_image, chosen_image

logger = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds between two looks for new repos: each costs one call on the hub for each tag of late, from a worker
that has nothing else to do."""
STOP_SECONDS = 10.0
TASK = "prewarm"
METHODS = {"build": "buildArch", "srpm-build": "buildSRPMFromSCM"}
"""Groups of buildroots, and the task whose image makes them."""


class Prewarmer:
    """A process now and then, at the lowest priority; it may fail, or be killed, and nothing is lost."""

    def __init__(self, options: KojidOptions, prewarm: Callable[[KojidOptions], None] | None = None) -> None:
        self._options = options
        self._prewarm = prewarm or make_ready
        self._pid: int | None = None
        self._not_before = 0.0

    def tend(self, *, idle: bool) -> None:
        """Start a process if the worker is idle, none runs, and the last one was a while ago."""
        if self._pid is not None and os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = None
        if idle and self._pid is None and time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + PAUSE
            self._pid = os.fork() or self._run()

    def stop(self) -> None:
        """End the process; what it was composing is put aside by the store's rules."""
        if self._pid is None:
            return
        os.kill(self._pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not os.waitpid(self._pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(0.05)
        self._pid = None

    def _run(self) -> int:
        """What the child does; it does not return."""
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)  # open_engine makes an exception of SIGTERM
            for number in (signal.SIGINT, signal.SIGUSR1):
                signal.signal(number, signal.SIG_IGN)  # the worker's, which then stops this process
            os.setpgrp()
            die_with_parent()
            os.nice(19)
            self._prewarm(self._options)
        except SystemExit:
            pass
        except Exception:
            logger.exception("Roots could not be made ready")
        finally:
            os._exit(0)


def make_ready(options: KojidOptions) -> None:
    """Compose the roots of the tags of late whose newest repo has none yet."""
    recent = RecentRoots(options.adjutant.state_dir / "recent")
    session = impatient_session(options)
    for root, ready_for in recent.latest():
        try:
            repo = session.getRepo(root.tag)
            if repo is None or repo["id"] == ready_for:
                continue
            recent.ready(root, repo["id"])  # before it is tried: what fails once would fail every minute
            _compose(options, session, root, repo)
        except (AdjutantError, koji.GenericError, requests.RequestException, OSError) as problem:
            logger.warning("No root was made ready for %s of %s: %s", root.group, root.tag, problem)


def _compose(options: KojidOptions, session: Any, root: RecentRoot, repo: dict[str, Any]) -> None:
    ours = options.adjutant
    tag = session.getBuildConfig(root.tag, event=repo["create_event"])
    config = for_tag(
        tag,
        repo["id"],
        root.arch,
        root.group,
        buildroot_id=0,
        options=tag_options(options),
        network=False,
    )
    choice = choose_image(
        session, options, Subject(root.tag, config.arch, METHODS.get(root.group, "runroot"))
    )
    cache = Cache(ours.state_dir)
    owner = Owner(TASK, f"{options.worker_id}-{TASK}")
    ours.log_dir.mkdir(parents=True, exist_ok=True)
    with (
        open_engine(
            state_dir=ours.state_dir,
            podman_socket=ours.podman_socket,
            timeouts=ours.container_timeouts,
            labels=ours.container_labels,
        ) as manager,
        chosen_image(manager, ours.state_dir, choice, ours.image_pull_policy) as image,
        _directory(Path(options.workdir)) as directory,
        (ours.log_dir / f"{TASK}.log").open("wb", buffering=0) as log,
    ):
        _remove_leftovers(manager, owner)
        workspace = Workspace(
            manager=manager,
            tool_image=image.id,
            owner=owner,
            cache=cache,
            workdir=directory,
            resultdir=directory,
            progress=Together([]),
            limits=ours.limits,
            mounts=ours.container_mounts,
        )
        with open_layers(workspace, config, log) as layers:
            logger.info("Root %s is ready for repo %d of %s", layers.key, repo["id"], root.tag)
    cache.tidy(ours.cache_size)
    cache.store.seal()


@contextmanager
def _directory(workdir: Path) -> Iterator[Path]:
    """A place to work; those of killed processes go, for there is one process at a time."""
    for leftover in workdir.glob(f"{TASK}-*"):
        remove_tree(leftover)
    directory = workdir / f"{TASK}-{os.getpid()}"
    directory.mkdir(mode=0o700)
    try:
        yield directory
    finally:
        remove_tree(directory)


def _remove_leftovers(manager: ContainerManager, owner: Owner) -> None:
    for container in manager.list_containers({f"{LABEL_PREFIX}worker_id": owner.worker_id}):
        manager.remove(container.id)
