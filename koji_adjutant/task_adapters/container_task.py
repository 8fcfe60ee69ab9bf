"""What the tasks that work in containers have in common: the engine, a place to work, the logs."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from koji.tasks import RefuseTask, ServerExit, ServerRestart

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.record import note
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.explanation import explain, explanation_attached_to_errors
from koji_adjutant.config import AdjutantOptions, KojidOptions
from koji_adjutant.config.limits import worker_limits
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager, Image, Owner, VolumeMount
from koji_adjutant.errors import EngineError, TaskStep, at_step, full_disk_said, passwords_kept_out
from koji_adjutant.hub.task_handler import TaskHandler
from koji_adjutant.monitoring.events import Journal, NoJournal
from koji_adjutant.policy.rules import Subject
from koji_adjutant.task_adapters.buildroot_json import BuildrootJson
from koji_adjutant.task_adapters.disk_shares import DiskShares
from koji_adjutant.task_adapters.disk_watch import DiskWatch
from koji_adjutant.task_adapters.giving_back import NAME as FAILURE
from koji_adjutant.task_adapters.giving_back import TRIES, failure_json, may_pass, tries_before, way_back
from koji_adjutant.task_adapters.growing_file import upload_whole
from koji_adjutant.task_adapters.live_logs import WHOLE_FILES, LiveLogs
from koji_adjutant.task_adapters.task_image import choose_image, chosen_image
from koji_adjutant.task_adapters.task_journal import TaskJournal

logger = logging.getLogger(__name__)

TASK_LABEL = LABEL_PREFIX + "task_id"
RESOURCES = "resources.json"
"""What the task's containers have used, uploaded beside the logs."""
RESERVE = 1 << 16
"""Bytes that a task keeps for saying why it failed, on a disk that is full then."""
TRASH = ".trash"
"""Ending of a task's directory that has been put aside, to be deleted."""
FAILED = "failed"
"""Where below workdir the buildroots of failed tasks are kept."""
SAVE_FAILED_TREE = "save_failed_tree"
"""The stock plugin. Where it is configured, buildroots of failed tasks are kept for it."""


class ContainerTask(TaskHandler):
    """A task with a workspace; ``live_logs`` and ``buildroot_json`` exist while the workspace does.

    ``journal`` is the worker's, which the daemon sets in the task's process.
    """

    journal: Journal = NoJournal()
    live_logs: LiveLogs
    buildroot_json: BuildrootJson
    _way_back: Exception | None = None
    main_log = "root.log"
    """Where people look first when the containers, not what runs in them, are the trouble."""

    def run(self) -> Any:
        """Run as every task; what may pass, and is no fault of the package's, gives the task back."""
        try:
            return super().run()
        except (RefuseTask, ServerExit, ServerRestart):
            raise
        except Exception as error:
            if self._way_back is not None:
                raise self._way_back from error
            raise

    @cached_property
    def recorder(self) -> TaskJournal:
        """Return what records this task in the journal."""
        return TaskJournal(self.journal, self.id)

    @property
    def adjutant(self) -> AdjutantOptions:
        return self.options.adjutant

    @contextmanager
    def open_workspace(
        self, tag: str, arch: str, *, repo_id: int | None = None, source_mounts: Sequence[VolumeMount] = ()
    ) -> Iterator[Workspace]:
        """Open everything that a recipe needs; logs are copied to ``<log_dir>/<task_id>`` in the end.

        The image is what the hub's policy says of ``tag``, ``arch`` and the task's method.
        ``source_mounts`` are for the command that fetches sources.
        EngineError or ImageError if there is nothing to run containers with.
        """
        ours = self.adjutant
        workdir, resultdir = Path(self.workdir, "work"), Path(self.workdir, "result")
        workdir.mkdir(mode=0o700)
        resultdir.mkdir()
        reserve = Path(self.workdir, "reserve")
        reserve.write_bytes(bytes(RESERVE))
        stamps = Path(self.workdir) if self.options.log_timestamps else None
        self.recorder.tag_known(tag)
        self.recorder.logs_kept(resultdir)
        self.live_logs = LiveLogs(
            self.session, self.getUploadDir(), resultdir, stamps, uploaded=self.recorder.uploaded
        )
        self.buildroot_json = BuildrootJson(resultdir, self.options.server)
        subject = Subject(tag, arch, self.method)
        self.buildroot_json.set_task(self.id, subject, repo_id)
        with self._accounted():
            try:
                with (
                    explanation_attached_to_errors(resultdir, self.recorder.out_of_memory),
                    full_disk_said(),
                    passwords_kept_out(),
                    open_engine(ours, observer=self.recorder) as manager,
                    self._disk_watched(manager, resultdir) as disk,
                    self._image(manager, subject, resultdir) as image,
                ):
                    yield Workspace(
                        manager=manager,
                        tool_image=image.id,
                        owner=Owner(str(self.id), self.options.worker_id),
                        cache=self._cache(),
                        workdir=workdir,
                        resultdir=resultdir,
                        progress=PhaseObserverGroup([StateLog(resultdir / "state.log"), self.recorder]),
                        limits=worker_limits(self.options),
                        mounts=ours.container_mounts,
                        install_timeout=ours.install_timeout,
                        source_mounts=source_mounts,
                        network_mode=ours.task_network,
                        failed_roots=self.failed_roots() if keeps_failed_roots(self.options) else None,
                        cache_used=self.recorder.cache_used,
                        damage_found=self.recorder.damage_found,
                        overlay_mounted=disk.overlay_mounted,
                        root_copied=disk.root_copied,
                        copy_roots=ours.copy_roots,
                        disk_reserve=self.options.minspace * 1024**2,
                    )
                if RESOURCES not in self.live_logs.names:
                    self.uploaded_logs()
            except Exception as error:
                reserve.unlink()
                with suppress(OSError):  # a full disk, perhaps, which is what the task's own error is about
                    self._write_resources()
                    if not isinstance(error, (RefuseTask, ServerExit, ServerRestart)):
                        self._write_failure(error, resultdir)
                self.live_logs.flush_after_failure()
                if FAILURE not in self.live_logs.names:
                    self._way_back = None  # the hub has not got the number of the try, and nobody would count
                raise
            finally:
                self.live_logs.close()
                self._keep_logs(resultdir)

    def _keep_logs(self, resultdir: Path) -> None:
        """Leave the logs on this machine. The hub has them, so a disk that is full only costs this copy."""
        place = self.adjutant.log_dir / str(self.id)
        try:
            keep_logs(resultdir, place)
        except OSError as problem:
            logger.warning("The logs of task %d are not kept on this machine: %s", self.id, problem)
        else:
            self.recorder.logs_kept(place)

    @contextmanager
    def _disk_watched(self, manager: ContainerManager, resultdir: Path) -> Iterator[DiskWatch]:
        """Stop the task if it takes too much of the disk; its error then says so, below a stock builder's."""

        def stop() -> None:
            for container in manager.list_containers({TASK_LABEL: str(self.id)}):
                manager.kill(container.id)

        ours = self.adjutant
        watch = DiskWatch(
            Path(self.workdir),
            limit=ours.disk_limit,
            reserve=self.options.minspace * 1024**2 // 2,
            shares=DiskShares(ours.state_dir, self.id),
            say=partial(note, [resultdir / "container.log", resultdir / self.main_log]),
            stop=stop,
        )
        with watch:
            try:
                yield watch
            except Exception as error:
                if watch.reason is None:
                    raise
                words = "the task was stopped" if isinstance(error, EngineError) else str(error)
                raise watch.failure(words.partition("\n")[0] + f"\n{watch.reason}") from error

    @contextmanager
    def _image(self, manager: ContainerManager, subject: Subject, resultdir: Path) -> Iterator[Image]:
        """Choose and open the image for the task; the task's logs say which it is, and why."""
        choice = choose_image(self.session, self.options, subject)
        logs = [resultdir / "container.log", resultdir / self.main_log]
        if choice.warning:
            logger.warning("Task %d: %s", self.id, choice.warning)
            note(logs, f"warning: {choice.warning}")
        note(logs, f"Image {choice.image}, chosen by {choice.reason}")
        ours = self.adjutant
        with chosen_image(manager, ours.state_dir, choice, ours.image_pull_policy) as image:
            note(logs, f"Image {choice.image} is {image.pinned} (digest {image.digest}, id {image.id})")
            self.recorder.image_resolved(image)
            self.buildroot_json.set_image(image, choice)
            yield image

    def _write_failure(self, error: Exception, resultdir: Path) -> None:
        """Write why this try at the task has failed, and decide whether the task is given back."""
        retryable = may_pass(error)
        number = 1 + (tries_before(self.session, self.id) if retryable else 0)
        back = way_back(self.session, self.id, error) if retryable and number < TRIES else None
        self._way_back = back
        (resultdir / FAILURE).write_text(
            failure_json(explain(error), number, retryable=retryable, given_back=back is not None)
        )

    def _write_resources(self) -> None:
        used = asdict(self.recorder.resources())
        (Path(self.workdir) / "result" / RESOURCES).write_text(json.dumps(used, indent=2) + "\n")

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """Record what the task's containers have used, when they are gone."""
        try:
            yield
        finally:
            self.recorder.resources_used()

    def removeWorkdir(self) -> None:  # noqa: N802
        """Put the task's directory aside: a build tree takes its time to delete, and the hub waits for us."""
        workdir = Path(self.workdir)
        if workdir.exists():
            workdir.rename(workdir.with_name(f"{workdir.name}-{os.getpid()}-{time.monotonic_ns()}{TRASH}"))

    def failed_roots(self) -> FailedRoots:
        return FailedRoots(Path(self.options.workdir) / FAILED)

    def _cache(self) -> Cache:
        return Cache(self.adjutant.state_dir)

    def uploaded_logs(self) -> list[str]:
        """Upload the rest of the logs, and resources.json.

        Returns the task result's ``logs``: paths below the hub's work directory.
        """
        self._write_resources()
        with at_step(TaskStep.UPLOAD):
            self.live_logs.flush()
        return [f"{self.getUploadDir()}/{name}" for name in self.live_logs.names]

    def upload_result(self, file: Path) -> str:
        """Upload a result. Returns its path below the hub's work directory."""
        with at_step(TaskStep.UPLOAD):
            upload_whole(self.session, file, self.getUploadDir())
        self.recorder.uploaded(file.stat().st_size)
        return f"{self.getUploadDir()}/{file.name}"


def trash(options: KojidOptions) -> set[Path]:
    """Return the directories that tasks, or somebody for them, have put aside."""
    return set(Path(options.workdir).glob(f"tasks/*/*{TRASH}"))


def tidy_up(options: KojidOptions) -> None:
    """Delete what tasks put aside, and keep the cache within its size; slow."""
    for directory in trash(options):
        remove_tree(directory)
    Cache(options.adjutant.state_dir).tidy(options.adjutant.cache_size, seal=True)
    prune_failed_roots(options)


def keeps_failed_roots(options: KojidOptions) -> bool:
    return SAVE_FAILED_TREE in (options.plugin or ())


def prune_failed_roots(options: KojidOptions) -> None:
    """Remove what has been kept for failed_buildroot_lifetime, and more if minspace is lacking otherwise."""
    directory = Path(options.workdir) / FAILED
    if directory.is_dir():
        FailedRoots(directory).prune(options.failed_buildroot_lifetime, options.minspace * 1024**2)


def keep_logs(resultdir: Path, destination: Path) -> None:
    """Leave a task's logs on this machine, in place of those of an earlier try."""
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir(parents=True)
    for file in resultdir.iterdir():
        if file.suffix == ".log" or file.name in WHOLE_FILES:
            shutil.copy2(file, destination)
