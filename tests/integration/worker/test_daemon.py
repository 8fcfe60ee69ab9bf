"""The daemon as a process, for a devhub: start, tasks, signals, exit codes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.devhub import running_devhub
from tests.support.waiting import until

HOST, PASSWORD = "builder1", "builder"
MEMORY_AIM = 60_000 if sys.version_info < (3, 14) else 68_000
"""Kilobytes of resident memory that an idle worker may have. Python 3.14 takes 13 % more for the same."""


@dataclass
class Workers:
    """Starts daemons for one hub; ``admin`` is an administrator's session there."""

    hub: Any
    admin: Any
    directory: Path
    state_dir: Path
    image: str
    monitoring: str = "monitoring_enabled = false"
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *options: str, sleeptime: int = 1) -> subprocess.Popen[bytes]:
        conf = self.directory / "kojid.conf"
        conf.write_text(
            f"[kojid]\nserver = {self.hub.url}\ntopurl = {self.hub.files_url}\ntopdir = {self.hub.topdir}\n"
            f"workdir = {self.directory}/work\nuser = {HOST}\npassword = {PASSWORD}\n"
            f"sleeptime = {sleeptime}\nminspace = 1\n"
            f"[adjutant]\nstate_dir = {self.state_dir}\ntask_image_default = {self.image}\n"
            f"log_dir = {self.directory}/logs\nlog_file = {self.directory}/kojid.log\n{self.monitoring}\n"
        )
        command = [sys.executable, "-m", "koji_adjutant.kojid", "-c", str(conf), "-v", *options]
        with (self.directory / "stderr").open("ab") as stderr:
            self.running.append(subprocess.Popen(command, stdout=stderr, stderr=stderr))
        return self.running[-1]

    @property
    def log(self) -> str:
        path = self.directory / "kojid.log"
        return path.read_text() if path.exists() else ""

    @property
    def stderr(self) -> str:
        return (self.directory / "stderr").read_text()

    def host(self) -> dict[str, Any]:
        """The host as the hub sees it; ``ready`` says whether it takes tasks."""
        found: dict[str, Any] = next(host for host in self.admin.listHosts() if host["name"] == HOST)
        return found

    def ready(self) -> None:
        until(lambda: self.host()["ready"], f"{HOST} is ready\n{self.stderr}")

    def task(self, method: str, *arguments: Any) -> int:
        return int(self.admin.makeTask(method, list(arguments), assign=self.host()["id"]))

    def until_state(self, task: int, state: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            info: dict[str, Any] = self.admin.getTaskInfo(task)
            return info if koji.TASK_STATES[info["state"]] == state else None

        return until(reached, f"task {task} is {state}\n{self.stderr}")


@pytest.fixture
def workers(tmp_path: Path, state_dir: Path, tool_image: str) -> Iterator[Workers]:
    with running_devhub(tmp_path / "hub") as hub:
        admin = hub.session("kojiadmin", "kojiadmin")
        admin.addHost(HOST, ["x86_64", "noarch"])
        admin.callMethod("devhub.setPassword", HOST, PASSWORD)
        found = Workers(hub, admin, tmp_path, state_dir, tool_image)
        yield found
        for process in found.running:
            process.terminate()
            process.wait()
        admin.logout()


def resident_memory(pid: int) -> int:
    """Kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def test_it_runs_tasks_and_stays_small(workers: Workers) -> None:
    worker = workers.start("-f")
    workers.ready()
    workers.until_state(workers.task("sleep", 0), "CLOSED")
    assert resident_memory(worker.pid) < MEMORY_AIM
    unknown = workers.task("runroot", "f39", "x86_64", "true")
    until(lambda: "no handler for runroot" in workers.log, "the task is refused")
    assert workers.admin.getTaskInfo(unknown)["host_id"] is None


def test_sigterm_gives_the_tasks_back(workers: Workers) -> None:
    worker = workers.start("-f")
    workers.ready()
    task = workers.task("sleep", 600)
    workers.until_state(task, "OPEN")
    worker.terminate()
    assert worker.wait() == 0
    assert workers.host()["ready"] is False
    info = workers.until_state(task, "FREE")
    assert info["host_id"] is None


def test_sigusr1_restarts_when_no_task_runs(workers: Workers) -> None:
    worker = workers.start("-f")
    workers.ready()
    task = workers.task("sleep", 3)
    workers.until_state(task, "OPEN")
    worker.send_signal(signal.SIGUSR1)
    until(lambda: workers.log.count("Starting up") == 2, "the worker has restarted")
    assert koji.TASK_STATES[workers.admin.getTaskInfo(task)["state"]] == "CLOSED"
    assert worker.poll() is None
    workers.until_state(workers.task("sleep", 0), "CLOSED")


def test_the_hub_can_restart_it(workers: Workers) -> None:
    workers.start("-f")
    workers.ready()
    host = workers.host()
    restart = workers.task("restart", host)
    workers.until_state(restart, "CLOSED")
    workers.until_state(workers.task("restartVerify", restart, host), "CLOSED")
    assert workers.log.count("Starting up") == 2


def test_a_cancelled_task_ends_at_the_next_look(workers: Workers) -> None:
    workers.start("-f")
    workers.ready()
    task = workers.task("sleep", 600)
    workers.until_state(task, "OPEN")
    workers.admin.cancelTask(task)
    until(lambda: f"Task {task} was stopped" in workers.log, "the task's process has ended")
    workers.until_state(workers.task("sleep", 0), "CLOSED")


def test_a_running_task_has_a_claim(workers: Workers) -> None:
    claims = TaskClaims(workers.state_dir)
    workers.start("-f")
    workers.ready()
    task = workers.task("sleep", 600)
    until(lambda: claims.held(task), "the task is claimed")
    workers.admin.cancelTask(task)
    until(lambda: not claims.held(task), "the claim is given up")
    assert task not in claims.abandoned()


def test_a_task_whose_process_is_killed_is_done_again_and_leaves_no_claim(workers: Workers) -> None:
    claims = TaskClaims(workers.state_dir)
    workers.start("-f")
    workers.ready()
    task = workers.task("sleep", 600)
    first = until(lambda: process_of_task(workers, task), "the worker has a process for the task")
    until(lambda: claims.held(task), "it has claimed the task")
    os.kill(first, signal.SIGKILL)
    until(lambda: process_of_task(workers, task) != first, "there is another process")
    until(lambda: claims.held(task), "it has claimed the task, too")
    workers.admin.cancelTask(task)
    until(lambda: not claims.held(task), "the claim is given up")
    until(lambda: task not in claims.abandoned(), "and forgotten")


def process_of_task(workers: Workers, task: int) -> int | None:
    """The newest of which the worker says that it is the task's."""
    found = re.findall(rf"pids: \{{.*?\b{task}: (\d+)", workers.log)
    return int(found[-1]) if found else None


def test_the_end_of_a_task_ends_the_worker_s_sleep(workers: Workers) -> None:
    """A worker that sleeps for ever after its first look gets through two tasks, one of which must wait."""
    workers.admin.disableHost(HOST)
    first, second = workers.task("sleep", 0), workers.task("sleep", 0)
    workers.admin.enableHost(HOST)
    workers.start("-f", "--maxjobs", "1", sleeptime=1_000_000)
    workers.until_state(first, "CLOSED")
    workers.until_state(second, "CLOSED")


def test_only_one_worker_a_host(workers: Workers) -> None:
    first = workers.start("-f")
    workers.ready()
    second = workers.start("-f")
    assert second.wait() == 1
    assert "Another worker holds the exclusive session" in workers.stderr
    workers.start("-f", "--force-lock")
    assert first.wait() == 1
    assert "The session with the hub is lost" in workers.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--password", "wrong"], "refused the login of user builder1"),
        (
            ["--server", "http://127.0.0.1:1/kojihub"],
            "The hub cannot be reached at http://127.0.0.1:1/kojihub",
        ),
        (["--user", "kojiadmin", "--password", "kojiadmin"], "is not a build host"),
    ],
)
def test_what_keeps_it_from_starting(workers: Workers, options: list[str], sentence: str) -> None:
    assert workers.start("-f", *options).wait() == 1
    assert sentence in workers.stderr
    assert "Traceback" not in workers.stderr


def test_an_engine_that_cannot_be_used(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOJI_ADJUTANT_PODMAN_SOCKET", f"unix://{workers.directory}/nothing.sock")
    assert workers.start("-f").wait() == 1
    assert "nothing.sock" in workers.stderr
    assert "Traceback" not in workers.stderr
    assert workers.host()["ready"] is False


def test_a_single_task_is_done(workers: Workers) -> None:
    daemon = workers.start("-f", "--single")
    workers.ready()
    first, second = workers.task("sleep", 1), workers.task("sleep", 1)
    assert daemon.wait() == 0
    states = [koji.TASK_STATES[workers.admin.getTaskInfo(task)["state"]] for task in (first, second)]
    assert states[0] == "CLOSED"
    assert states[1] in ("FREE", "ASSIGNED")
    assert workers.host()["ready"] is False
    workers.admin.cancelTask(second)


def test_skip_main_only_logs_in(workers: Workers) -> None:
    assert workers.start("-f", "--skip-main").wait() == 0
    assert "Starting up" not in workers.log


def test_without_f_it_goes_to_the_background(workers: Workers) -> None:
    assert workers.start().wait() == 0
    workers.ready()
    pid = until(lambda: daemon_of(workers), "the daemon's process is there")
    try:
        assert os.getsid(pid) != os.getsid(0)
        workers.until_state(workers.task("sleep", 0), "CLOSED")
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: daemon_of(workers) is None, "the daemon has ended")
    assert workers.host()["ready"] is False


def daemon_of(workers: Workers) -> int | None:
    """The process that was started with this hub's configuration file."""
    conf = os.fsencode(workers.directory / "kojid.conf")
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and conf in (entry / "cmdline").read_bytes().split(b"\0"):
                return int(entry.name)
    return None


def test_a_wrong_option_is_a_usage_error(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "kojid.conf").write_text("[kojid]\nsever = http://hub/kojihub\n")
    ended = run("-c", str(tmp_path / "kojid.conf"))
    assert ended.returncode == 2
    assert ended.stderr.endswith("did you mean server?\n")


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    def kojid(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "koji_adjutant.kojid", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return kojid


def test_the_daemon_is_also_a_subcommand() -> None:
    command = [sys.executable, "-m", "koji_adjutant.cli", "kojid", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--force-lock" in shown
