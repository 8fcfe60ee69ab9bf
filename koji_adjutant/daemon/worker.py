"""The task manager: koji's own, with containers in the place of mock's directories."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import koji
import koji.tasks
from koji.tasks import BaseTaskHandler, RefuseTask, ServerExit, ServerRestart

from koji_adjutant.buildroot.files.overlay import unmount_below
from koji_adjutant.builds.explanation import explanation_in_error_messages
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.interface import ContainerManager
from koji_adjutant.daemon import leftovers
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.daemon.die_with_parent import die_with_parent
from koji_adjutant.daemon.idle_work import IdleWork
from koji_adjutant.daemon.library_tasks import check_library_arguments
from koji_adjutant.daemon.lost_subtasks import LostSubtasks
from koji_adjutant.daemon.own_containers import OwnContainers
from koji_adjutant.daemon.own_subtasks import OwnSubtasks
from koji_adjutant.daemon.plugins import load_plugins
from koji_adjutant.daemon.stop_signals import STOP_SIGNALS, held_back, hold_back_for_good, unwind
from koji_adjutant.daemon.task_processes import TaskProcesses
from koji_adjutant.daemon.task_record import recorded
from koji_adjutant.daemon.tidier import Tidier
from koji_adjutant.daemon.tool_image import ToolImage
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.errors import EngineError, full_disk_said, passwords_kept_out
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.taken_away import stopped_if_taken_away
from koji_adjutant.monitoring.events import Journal, NoJournal, TaskEnded, WorkerSeen
from koji_adjutant.task_adapters import ADAPTERS
from koji_adjutant.task_adapters.container_task import ContainerTask, prune_failed_roots
from koji_adjutant.task_handlers import HANDLERS
from koji_adjutant.task_handlers.coordinating import CoordinatingTask
from koji_adjutant.task_handlers.refused import refusal

logger = logging.getLogger(__name__)

BUSY = ("Over capacity", "Full queue")
"""koji's words for a worker that takes no more tasks because it has enough."""


class Worker(TaskProcesses):
    """Takes tasks from the hub and runs each in a forked child, as kojid does.

    ``containers``, ``journal`` and what works beside tasks are set before the first task is taken; the parent
    uses the first only to remove what a child left behind, and to see whether there is a tool image.
    """

    session: HubSession
    tasks: dict[int, Mapping[str, Any]]

    def __init__(self, options: KojidOptions, session: HubSession, wakeup: Wakeup) -> None:
        super().__init__(options, session)
        self.wakeup = wakeup
        self.containers: ContainerManager | None = None
        self.journal: Journal = NoJournal()
        self.idle_work: IdleWork | None = None
        self.tidier: Tidier | None = None
        self.tool_image: ToolImage | None = None
        self.own_containers = OwnContainers()
        self.lost_subtasks = LostSubtasks(session, self.host_id)
        assign = "none" if options.single_task else options.adjutant.assign_subtasks
        self.own_subtasks = OwnSubtasks(self.host_id, assign, wakeup)
        self.plugins_left_out: list[str] = []
        self._image_problem = ""
        self._has_its_task = False
        options.worker_id = f"{urlsplit(options.server or '').netloc}-host{self.host_id}"

    def register_handlers(self) -> None:
        """Register koji's handlers, over them ours, and over both those of kojid.conf's plugins."""
        self.findHandlers(vars(koji.tasks))
        self.findHandlers({handler.__name__: handler for handler in (*HANDLERS, *ADAPTERS)})
        self.plugins_left_out = load_plugins(
            self, self.options.plugin or (), self.options.pluginpath.split(":")
        )

    def updateBuildroots(self, nolocal: bool = True) -> None:  # noqa: N802
        """Expire what the hub still believes to be in use, and remove what was kept of failed tasks."""
        super().updateBuildroots(nolocal=nolocal)
        prune_failed_roots(self.options)

    def checkSpace(self) -> bool:  # noqa: N802
        """Return whether ``minspace`` MiB are free where our builds write (kojid: in mockdir)."""
        return all(self._has_space(path) for path in self.options.build_directories)

    def _has_space(self, path: Path) -> bool:
        usage = os.statvfs(path)
        available = usage.f_bavail * usage.f_bsize // 1024**2
        if available >= self.options.minspace:
            return True
        self.status = (
            f"Insufficient disk space at {path}: {available} MB, {self.options.minspace} MB required"
        )
        self.logger.warning(self.status)
        return False

    def takeTask(self, task: Mapping[str, Any]) -> bool:  # noqa: N802
        """Take it as koji does, unless it cannot be ours, or only later.

        The process that has just given it back may still tidy up. With a full queue only subtasks are taken
        that our own tasks wait for.
        """
        if task["id"] in self.pids:
            logger.info("Task %s is taken again when its process has ended", task["id"])
            return False
        self.own_subtasks.listen(self.pids)
        if self.own_subtasks.belongs_elsewhere(self.session, task):
            return False
        if len(self.tasks) >= self.options.maxjobs and task["id"] not in self.own_subtasks.made:
            return False
        if task["method"] not in self.handlers and (reason := refusal(task["method"])):
            logger.warning("Refusing task %s: %s", task["id"], reason)
            self.session.host.refuseTask(task["id"], soft=False, msg=reason)
            return False
        taken: bool = super().takeTask(task)
        self._has_its_task = taken and self.options.single_task
        return taken

    def forkTask(self, handler: BaseTaskHandler) -> tuple[int, int]:  # noqa: N802
        """Fork as koji does, but let no signal come between the fork and our knowing of the child."""
        session = self.session.subsession()
        session_id: int = session.sinfo["session-id"]
        with held_back() as mask:
            pid = os.fork()
            if not pid:
                self._run_child(handler, session, mask)
            self.pids[handler.id] = pid
            self.subsessions[handler.id] = session_id
            session._forget()
        return pid, session_id

    def _run_child(self, handler: BaseTaskHandler, session: HubSession, mask: Iterable[int]) -> NoReturn:
        """Run the task in this, the child's, process; whatever happens, the process ends here."""
        try:
            self.session._forget()
            os.setpgrp()
            self.session = handler.session = session
            self.lost_subtasks = LostSubtasks(session, self.host_id)
            if isinstance(handler, CoordinatingTask):
                handler.subtasks_made = self.wakeup.poke
                handler.make_subtask = self._make_subtask
            if isinstance(handler, ContainerTask):
                handler.journal = self.journal
            self._take_signals_as_child()
            die_with_parent()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            with TaskClaims(self.options.adjutant.state_dir).hold(handler.id):
                self.runTask(handler)
        except SystemExit:
            logger.warning("Task %s was stopped", handler.id)
        except BaseException:
            logger.exception("Task %s ended without a result", handler.id)
        try:
            try:
                self.wakeup.poke()  # whoever waits for this task need not wait for our end
                session.logout()
            finally:
                hold_back_for_good()
        except BaseException:
            logger.exception("Task %s left something behind", handler.id)
        finally:
            os._exit(0)

    def runTask(self, handler: BaseTaskHandler) -> None:  # noqa: N802
        """Run the task as koji does, recorded in the journal and with its errors explained."""
        run = handler.run
        arch = self.tasks.get(handler.id, {}).get("arch", "noarch")

        def recorded_run() -> object:
            with (
                recorded(self.journal, handler, arch),
                passwords_kept_out(),
                explanation_in_error_messages(),
                full_disk_said(),
                stopped_if_taken_away(handler.id),
            ):
                check_library_arguments(handler)
                return self._run_to_its_end(run, handler.id)

        handler.run = recorded_run
        super().runTask(handler)

    def _run_to_its_end(self, run: Callable[[], object], task_id: int) -> object:
        try:
            result = run()
        except (RefuseTask, ServerExit, ServerRestart):
            raise
        except Exception:
            self.lost_subtasks.cancel(task_id)
            raise
        self.lost_subtasks.cancel(task_id)
        return result

    def _make_subtask(self, subtask: Callable[..., int], **options: Any) -> int:
        make = partial(self.own_subtasks.make, subtask, self.hostdata["arches"])
        return self.lost_subtasks.make(make, **options)

    def _take_signals_as_child(self) -> None:
        self.wakeup.ignore_signals()
        for number in STOP_SIGNALS:
            signal.signal(number, unwind)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGUSR2, lambda *_: None)  # interrupts BaseTaskHandler.wait's pause

    def readyForTask(self) -> bool:  # noqa: N802
        """Check koji's conditions, that the engine answers, and that it has a tool image.

        With --single one task is taken, and ServerExit raised when it is over.
        Containers that nobody removed go meanwhile; one that cannot be removed is no reason to wait.
        """
        if self._has_its_task:
            if not self.pids:
                raise ServerExit
            self.status = "A single task is done here"
            return False
        self.status = ""
        with self._those_that_wait_not_counted():
            ready: bool = super().readyForTask()
        try:
            self.remove_containers()
            return ready and self._has_tool_image()
        except EngineError as problem:
            self.status = self.status or f"The container engine does not answer: {problem}"
            self.logger.error("The container engine does not answer: %s", problem)
            return False

    @contextmanager
    def _those_that_wait_not_counted(self) -> Iterator[None]:
        """Keep tasks that wait for subtasks of this host from keeping it from those (``maxjobs``)."""
        tasks, parents = self.tasks, self.own_subtasks.parents
        if self.own_subtasks.made and not self.restart_pending:
            self.tasks = {
                number: task
                for number, task in tasks.items()
                if not task.get("waiting") and number not in parents
            }
        try:
            yield
        finally:
            self.tasks = tasks

    def _has_tool_image(self) -> bool:
        if self.containers is None or self.tool_image is None:
            return True
        problem = self.tool_image.problem(self.containers)
        if problem is None:
            self._image_problem = ""
            return True
        self.status = f"No tool image: {problem}"
        if self.status != self._image_problem:
            self.logger.warning(self.status)
        self._image_problem = self.status
        return False

    @property
    def waits_for_subtasks(self) -> bool:
        """Whether a task of this worker waits for others."""
        return any(task.get("waiting") for task in self.tasks.values())

    def summary(self) -> str:
        """Return what it does and what is wrong, in a line."""
        tasks = f"{len(self.pids)} task{'' if len(self.pids) == 1 else 's'}"
        return "; ".join([tasks, *([self.status] if self._is_draining else []), *self.problems()])

    def problems(self) -> list[str]:
        """Return what is wrong with this worker, in sentences.

        Why it is not ready, what it cannot remove, which plugins it does without.
        """
        why_not = None if self.ready or self._is_draining or self.status in BUSY else self.status
        found = (why_not, self.own_containers.problem, *self.plugins_left_out)
        return [problem for problem in found if problem]

    @property
    def _is_draining(self) -> bool:
        return self.restart_pending or self._has_its_task or not self.hostdata.get("enabled", True)

    def _get_host_data(self) -> dict[str, object]:
        """Return what koji tells the hub of this host, and what is wrong with it, if anything is."""
        data: dict[str, object] = super()._get_host_data()
        problems = self.problems()
        return data | {"problems": problems} if problems else data

    def getNextTask(self) -> bool:  # noqa: N802
        """Ask as koji does; record in the journal what the hub said about this host.

        Of the subtasks that were made for this host, the hub gets those for which there is no room, but for
        what waits for nothing but that, and could be given to nobody else.
        """
        self.own_subtasks.listen(self.pids)
        made = self.own_subtasks.made
        taken: bool = super().getNextTask()
        if not taken:
            self.own_subtasks.hand_back(self.session, made, soon=not self._is_draining)
        self.journal.record(
            WorkerSeen(
                capacity=self.hostdata.get("capacity", 0.0),
                task_load=self.task_load,
                problem="; ".join(self.problems()) or None,
                draining=self.status if self._is_draining else None,
                look_again=self.options.sleeptime,
            )
        )
        return taken

    def shutdown(self) -> None:
        """Stop as koji does; what the tasks have made for this host is given to the hub before they are.

        Their next tries are begun at once, elsewhere, and find what is still assigned to this host.
        """
        for task_id in list(self.pids):
            self.cleanupTask(task_id)
        self.own_subtasks.listen(())
        try:
            self.own_subtasks.hand_back(self.session, self.own_subtasks.made)
        finally:
            self.session.host.freeTasks(list(self.tasks))
            self.session.host.updateHost(task_load=0.0, ready=False)

    def cleanupTask(self, task_id: int, wait: bool = True) -> bool:  # noqa: N802
        """Kill what still runs and log out the subsession, as koji does; then remove what it has left.

        A task that was killed could do none of this itself.
        """
        cleaned: bool = super().cleanupTask(task_id, wait)
        try:
            self.remove_containers(ended=task_id)
        except EngineError:
            logger.exception("Containers of task %d may be left until the engine answers again", task_id)
        self._put_aside(task_id)
        self.journal.record(TaskEnded(task_id=task_id, status="interrupted"))
        return cleaned

    def _put_aside(self, task_id: int) -> None:
        unmount_below(Path(self.options.workdir) / koji.pathinfo.taskrelpath(task_id))
        try:
            leftovers.clear_task(self.options, task_id)
        except OSError:
            logger.exception("The directory of task %d stays where it is", task_id)
        if self.tidier and leftovers.has_put_aside(self.options, task_id):
            self.tidier.wake()

    def work_in_idle_time(self) -> None:
        """Have roots made ready while there is no task, although one would be taken."""
        if self.idle_work:
            self.idle_work.tend(idle=self.ready and not self.pids)

    def tidy(self) -> None:
        """Have deleted what was left by whoever was killed."""
        if self.tidier:
            self.tidier.tend(idle=not self.pids)

    def stop_side_processes(self) -> None:
        """End what works beside tasks, for a worker that ends."""
        for process in (self.idle_work, self.tidier, self.tool_image):
            if process:
                process.stop()

    def remove_containers(self, ended: int | None = None) -> None:
        """Remove this worker's containers whose process is gone; ``ended`` is a task that runs no more.

        What cannot be removed is tried again at a later look. EngineError if the engine does not answer.
        """
        if self.containers is None:
            return
        running = {str(task) for task in self.pids if task != ended}
        if self.idle_work and self.idle_work.owner:
            running.add(self.idle_work.owner)
        self.own_containers.remove(self.containers, self.options.worker_id, running)
