"""The task manager's processes, with real forks and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import koji
import pytest

from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.daemon.idle_work import IdleWork
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.task_handlers.coordinating import CoordinatingTask
from tests.support.waiting import for_ever
from tests.unit.daemon.worker_stage import LONG, Hub, Task, hub, start, wait_until_reaped, worker

__all__ = ["hub", "worker"]


def stuck(started: Path, cleaned: Path) -> Callable[[], None]:
    """A task that waits for ever and takes its time to clean up, whatever signals come meanwhile."""

    def run() -> None:
        try:
            started.touch()
            for_ever()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.write_text("yes")

    return run


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + LONG
    while not path.exists() and time.monotonic() < deadline:
        os.sched_yield()


def test_it_calls_itself_by_hub_and_host_id(worker: Worker) -> None:
    assert worker.options.worker_id == "hub-host1"


def test_a_finished_task_wakes_the_worker(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    start(worker, hub, lambda: "result")
    assert worker.wakeup.sleep(LONG) is True
    wait_until_reaped(worker)
    assert (tmp_path / "said").read_text() == "closed"


def test_a_failure_reaches_the_hub_with_its_fault_code(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    def fail() -> None:
        raise koji.BuildrootError("could not init")

    pid = start(worker, hub, fail)
    os.waitpid(pid, 0)
    fault = (tmp_path / "said").read_text()
    assert "<int>1012</int>" in fault
    assert "could not init" in fault


def test_a_canceled_task_cleans_up_undisturbed(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"
    start(worker, hub, stuck(started, cleaned))
    wait_for(started)
    hub.answers["getTaskInfo"] = {"state": koji.TASK_STATES["CANCELED"], "host_id": 1}
    worker.updateTasks()
    assert worker.pids == {}
    assert cleaned.read_text() == "yes"
    assert not (tmp_path / "said").exists()
    assert hub.arguments_of("logoutChild") == [(99,)]


def test_a_task_that_cannot_be_stopped_is_killed(
    worker: Worker, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"

    def deaf() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        started.touch()
        for_ever()

    kill = worker._doKill

    def impatiently(task_id: int, pid: int, cmd: str, sig: int, *_: float) -> bool:
        return kill(task_id, pid, cmd, sig, LONG if sig == signal.SIGKILL else 0, 0)

    monkeypatch.setattr(worker, "_doKill", impatiently)
    start(worker, hub, deaf)
    wait_for(started)
    assert worker.cleanupTask(5) is True


def test_what_a_task_leaves_in_the_engine_is_removed(worker: Worker, hub: Hub) -> None:
    engine: Any = worker.containers
    engine.add("left", worker_id="hub-host1", task_id="5")
    engine.add("other task", worker_id="hub-host1", task_id="6")
    engine.add("other worker", worker_id="hub-host2", task_id="5")
    pid = start(worker, hub, lambda: os.kill(os.getpid(), signal.SIGKILL))
    worker.pids[6] = pid
    os.waitpid(pid, 0)
    worker.cleanupTask(5, wait=False)
    assert set(engine.present) == {"other task", "other worker"}


def test_what_a_killed_task_has_is_put_aside_and_deleted_soon(worker: Worker, hub: Hub) -> None:
    directory = Path(worker.options.workdir) / "tasks" / "5" / "5"
    claims = TaskClaims(worker.options.adjutant.state_dir)
    woken: list[bool] = []
    worker.tidier = SimpleNamespace(wake=lambda: woken.append(True))  # type: ignore[assignment]

    def die() -> None:
        (directory / "result").mkdir(parents=True, exist_ok=True)
        os.kill(os.getpid(), signal.SIGKILL)

    start(worker, hub, die)
    wait_until_reaped(worker)
    (trash,) = directory.parent.iterdir()
    assert trash.name.endswith(".trash")
    assert (claims.abandoned(), woken) == ([], [True])


def test_what_a_task_has_put_aside_is_deleted_by_the_worker(worker: Worker, hub: Hub) -> None:
    """Not by its own process, which ends when the hub has the result."""
    trash = Path(worker.options.workdir) / "tasks" / "5" / "5-1-2.trash"
    woken: list[bool] = []
    worker.tidier = SimpleNamespace(wake=lambda: woken.append(True))  # type: ignore[assignment]
    start(worker, hub, lambda: trash.mkdir(parents=True))
    wait_until_reaped(worker)
    assert (trash.exists(), woken) == (True, [True])


def test_a_task_that_ended_well_leaves_nothing_to_do(worker: Worker, hub: Hub) -> None:
    woken: list[bool] = []
    worker.tidier = SimpleNamespace(wake=lambda: woken.append(True))  # type: ignore[assignment]
    start(worker, hub, lambda: None)
    wait_until_reaped(worker)
    assert woken == []


def test_a_service_in_a_session_of_its_own_survives_its_task(
    worker: Worker, hub: Hub, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"

    def run() -> None:
        service = subprocess.Popen(["sleep", "600"], start_new_session=True)
        helper = subprocess.Popen(["sleep", "600"])
        (tmp_path / "new").write_text(f"{service.pid} {helper.pid}")
        (tmp_path / "new").rename(pids)
        for_ever()

    start(worker, hub, run)
    wait_for(pids)
    service, helper = (int(pid) for pid in pids.read_text().split())
    worker.cleanupTask(5)
    assert (is_running(service), is_running(helper)) == (True, False)
    os.kill(service, signal.SIGKILL)


def test_a_task_does_not_outlive_a_killed_worker(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"
    middle = os.fork()
    if not middle:
        worker.forkTask(Task(hub, worker.options, stuck(started, cleaned)))
        for_ever()
    wait_for(started)
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    wait_for(cleaned)
    assert cleaned.exists()


def test_what_an_earlier_run_left_is_removed(worker: Worker) -> None:
    engine: Any = worker.containers
    engine.add("left", worker_id="hub-host1", task_id="5")
    engine.add("other worker", worker_id="hub-host2", task_id="5")
    worker.remove_containers()
    assert set(engine.present) == {"other worker"}


def test_roots_are_made_ready_while_there_is_no_task(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    engine: Any = worker.containers
    started = tmp_path / "started"

    def work() -> None:
        started.touch()
        for_ever()

    worker.idle_work = idle_work = IdleWork(work, tmp_path / "work", sleeptime=0)
    worker.work_in_idle_time()
    assert idle_work.owner is None  # the worker may be disabled, or full
    worker.ready = True
    worker.work_in_idle_time()
    wait_for(started)
    engine.add("running", worker_id="hub-host1", task_id=idle_work.owner)
    engine.add("left", worker_id="hub-host1", task_id="idle-1")
    worker.remove_containers()
    assert set(engine.present) == {"running"}
    start(worker, hub, signal.pause)
    while idle_work.owner:
        worker.work_in_idle_time()
    worker.remove_containers()
    assert engine.present == {}
    worker.cleanupTask(5)


def test_a_coordinating_task_s_process_can_wake_the_worker(worker: Worker, hub: Hub, tmp_path: Path) -> None:
    started = tmp_path / "started"

    class Coordinator(CoordinatingTask):
        Methods = ["test"]  # noqa: RUF012

        def handler(self) -> None:
            self.subtasks_made()
            started.touch()
            signal.pause()

    pid, _ = worker.forkTask(Coordinator(5, "test", [], hub, worker.options))
    assert worker.wakeup.sleep(LONG) is True
    wait_for(started)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        os.kill(pid, signal.SIGUSR2)  # as the worker does at each look while an ended subtask is awaited
    assert (tmp_path / "said").read_text() == "closed"


def test_handlers(worker: Worker) -> None:
    worker.register_handlers()
    assert {
        "build",
        "buildArch",
        "buildSRPMFromSCM",
        "rebuildSRPM",
        "createrepo",
        "newRepo",
        "tagBuild",
    } <= set(worker.handlers)
    assert {"waitrepo", "restart", "restartHosts", "shutdown", "sleep"} <= set(worker.handlers)
    assert worker.handlers["waitrepo"].__module__ == "koji_adjutant.task_handlers.waitrepo"


def test_a_task_that_was_given_back_is_not_taken_before_its_process_has_ended(
    worker: Worker, hub: Hub, tmp_path: Path
) -> None:
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"
    start(worker, hub, stuck(started, cleaned))
    assert worker.takeTask({"id": 5, "method": "test"}) is False
    assert hub.methods("host.openTask") == []
    worker.cleanupTask(5)


def test_plugins_bring_handlers_and_callbacks(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(
        "import koji.tasks\nfrom koji.plugin import callback\n"
        "class Greet(koji.tasks.BaseTaskHandler):\n    Methods = ['greet']\n"
        "@callback('postCreateRepo')\ndef repo_made(cbtype, *args, **kws): pass\n"
    )
    worker.options.pluginpath = f"/nowhere:{tmp_path}"
    worker.options.plugin = ["greeter"]
    worker.register_handlers()
    assert "greet" in worker.handlers
    (callback,) = koji.plugin.callbacks["postCreateRepo"]
    koji.plugin.callbacks["postCreateRepo"].remove(callback)
    assert callback.__name__ == "repo_made"


def test_the_hub_s_stale_buildroots_are_expired(worker: Worker, hub: Hub) -> None:
    hub.answers["listBuildroots"] = [{"id": 3, "task_id": 5, "tag_name": "t", "arch": "x86_64"}]
    worker.updateBuildroots()
    assert hub.arguments_of("host.setBuildRootState") == [(3, koji.BR_STATES["EXPIRED"])]
