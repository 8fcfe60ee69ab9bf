"""The daemon and the process that shows what it does."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.worker.test_daemon import Workers, workers
from tests.support.ports import reserved_port
from tests.support.waiting import until

__all__ = ["workers"]


@pytest.fixture
def url(workers: Workers) -> Iterator[str]:
    """Where the next worker can be watched."""
    with reserved_port() as port:
        workers.monitoring = f"monitoring_bind = 127.0.0.1:{port}"
        yield f"http://127.0.0.1:{port}/api/v1"


def get(url: str) -> Any:
    try:
        answer = requests.get(url, timeout=60)
    except requests.exceptions.ConnectionError:
        return None
    answer.raise_for_status()
    return answer.json()


def server_of(worker: int) -> int | None:
    """The process that serves for this worker."""
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == worker and b"koji_adjutant.daemon.http_process" in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except (OSError, ValueError):
            continue
    return None


def test_what_it_does_can_be_seen(workers: Workers, url: str) -> None:
    workers.start("-f")
    workers.ready()
    status = until(lambda: get(f"{url}/status"), f"the server answers\n{workers.stderr}")
    # a busy machine takes no tasks, by koji's rule
    assert status["status"] in ("healthy", "degraded")
    assert status["hub"] == workers.hub.url
    assert status["capacity"] > 0
    running = workers.task("sleep", 600)
    task = until(lambda: get_task(url, running), "the task is in the journal")
    assert (task["type"], task["status"]) == ("sleep", "running")
    workers.admin.cancelTask(running)
    until(lambda: get_task(url, running)["status"] == "canceled", "the task has ended in the journal")
    workers.until_state(workers.task("sleep", 0), "CLOSED")
    assert get(f"{url}/status")["tasks_completed_today"] == 1


def get_task(url: str, task: int) -> Any:
    answer = requests.get(f"{url}/tasks/{task}", timeout=60)
    return answer.json() if answer.status_code == 200 else None


def test_its_death_is_no_harm(workers: Workers, url: str) -> None:
    worker = workers.start("-f")
    until(lambda: get(f"{url}/status"), f"the server answers\n{workers.stderr}")
    task = workers.task("sleep", 3)
    workers.until_state(task, "OPEN")
    first = server_of(worker.pid)
    assert first
    os.kill(first, signal.SIGKILL)
    workers.until_state(task, "CLOSED")
    words = "Monitoring is not served, builds go on: it ended with status -9"
    until(lambda: words in workers.log, "the worker has noticed")
    until(lambda: get(f"{url}/status"), "the server answers again")
    assert server_of(worker.pid) not in (first, None)


def test_a_port_that_is_taken_is_no_harm(workers: Workers, url: str) -> None:
    address = url.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_server((address[0], int(address[1]))):
        workers.start("-f")
        workers.ready()
        workers.until_state(workers.task("sleep", 0), "CLOSED")
        until(lambda: "cannot listen on 127.0.0.1 port" in workers.log, "the worker says why")
        assert "Traceback" not in workers.stderr
    until(lambda: get(f"{url}/status"), "the server answers now")


def test_it_ends_with_the_worker(workers: Workers, url: str) -> None:
    for number, end in enumerate((signal.SIGTERM, signal.SIGKILL)):
        worker = workers.start("-f", *(["--force-lock"] if number else []))
        until(lambda: get(f"{url}/status"), f"the server answers\n{workers.stderr}")
        worker.send_signal(end)
        worker.wait()
        until(lambda: get(f"{url}/status") is None, "nobody answers any more")


def test_a_restart_ends_what_was_left_unfinished(workers: Workers, url: str) -> None:
    worker = workers.start("-f")
    until(lambda: get(f"{url}/status"), f"the server answers\n{workers.stderr}")
    task = workers.task("sleep", 600)
    until(lambda: get_task(url, task), "the task is in the journal")
    worker.kill()
    worker.wait()
    until(lambda: get(f"{url}/status") is None, "the killed worker's server has ended")
    workers.admin.cancelTask(task)  # or the new worker frees it, gets it once more, and it does run
    workers.start("-f", "--force-lock")
    until(lambda: get(f"{url}/status"), "the server answers")
    until(lambda: get_task(url, task)["status"] != "running", "no task of the killed worker runs")
