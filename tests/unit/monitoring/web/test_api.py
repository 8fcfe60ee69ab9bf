from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from koji_adjutant.monitoring import events
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Failure
from koji_adjutant.monitoring.web.sources import EngineUnknownError, Sources
from tests.unit.monitoring.test_journal import created, taken
from tests.unit.monitoring.web.conftest import Engine, Serving
from tests.unit.monitoring.web.schema import matches


def get(url: str, path: str, status: int = 200, **options: Any) -> Any:
    answer = requests.get(url + path, timeout=60, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.fixture(autouse=True)
def _worker(journal: FileJournal) -> None:
    journal.record(events.WorkerStarted(worker_id="hub-host1", hub="http://hub/kojihub", version="1", pid=5))
    journal.record(events.WorkerSeen(capacity=4.0, task_load=1.5, look_again=15))


def run_task(journal: FileJournal, task_id: int, failure: Failure | None = None, **more: object) -> None:
    journal.record(taken(task_id, **more))
    status: events.TaskEnd = "failed" if failure else "closed"
    journal.record(events.TaskEnded(task_id=task_id, status=status, failure=failure))


def test_status(url: str, journal: FileJournal) -> None:
    journal.record(taken(1))
    run_task(journal, 2)
    run_task(journal, 3, Failure("build", "no"))
    journal.record(events.CacheUsed(task_id=1, kind="root", key="a", hit=True))
    journal.record(events.CacheUsed(task_id=1, kind="root", key="b", hit=False))
    status = get(url, "/api/v1/status")
    matches(status, "Status")
    assert (status["worker_id"], status["hub"], status["version"]) == ("hub-host1", "http://hub/kojihub", "1")
    assert (status["status"], status["reasons"]) == ("healthy", [])
    assert (status["capacity"], status["task_load"]) == (4.0, 1.5)
    assert (status["active_tasks"], status["tasks_completed_today"], status["tasks_failed_today"]) == (
        1,
        1,
        1,
    )
    assert (status["cache"]["entries"], status["cache"]["bytes"], status["cache"]["hit_rate"]) == (
        3,
        1500,
        0.5,
    )
    assert status["disk"][0]["total_bytes"] > 0


def test_reasons(url: str, journal: FileJournal, engine: Engine) -> None:
    engine.failure = EngineUnknownError()
    journal.record(events.WorkerSeen(capacity=4.0, task_load=0, problem="Insufficient disk space at /x"))
    status = get(url, "/api/v1/status")
    assert status["status"] == "degraded"
    assert status["reasons"] == ["Insufficient disk space at /x", "the container engine does not answer"]
    journal.record(events.WorkerSeen(capacity=4.0, task_load=0, draining="Host is disabled"))
    assert get(url, "/api/v1/status")["status"] == "draining"
    silent = events.WorkerSeen(capacity=4.0, task_load=0, look_again=15, at=time.time() - 200)
    journal.record(silent)
    status = get(url, "/api/v1/status")
    assert (status["status"], status["reasons"]) == ("offline", ["the hub has not answered for 3 minutes"])
    journal.record(events.WorkerStopped())
    assert get(url, "/api/v1/status")["reasons"] == ["the worker was stopped"]


def test_tasks_are_filtered_and_paged(url: str, journal: FileJournal) -> None:
    for number in range(1, 6):
        run_task(journal, number, arch="x86_64" if number % 2 else "noarch", at=1000.0 + number)
    run_task(journal, 6, Failure("check", "tests failed"), method="rebuildSRPM", at=2000.0)
    page = get(url, "/api/v1/tasks?limit=2")
    matches(page, "TaskPage")
    assert ([task["task_id"] for task in page["tasks"]], page["total"]) == ([6, 5], 6)
    following = get(url, page["next"])
    assert [task["task_id"] for task in following["tasks"]] == [4, 3]
    last = get(url, following["next"])
    assert ([task["task_id"] for task in last["tasks"]], last["next"]) == ([2, 1], None)
    found = {
        "?status=failed": [6],
        "?type=rebuildSRPM": [6],
        "?method=buildArch&arch=noarch": [4, 2],
        "?failure_class=check": [6],
        "?since=1970-01-01T00:16:45Z": [6, 5],
        "?since=1004.5": [6, 5],
        "?search=HELLO&limit=1": [6],
        "?tag=nowhere": [],
    }
    for query, expected in found.items():
        assert [task["task_id"] for task in get(url, f"/api/v1/tasks{query}")["tasks"]] == expected, query


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("status=bad", "status"),
        ("failure_class=bad", "failure_class"),
        ("since=yesterday", "since"),
        ("stat=failed", "stat"),
    ],
)
def test_what_cannot_be_meant(url: str, query: str, parameter: str) -> None:
    answer = get(url, f"/api/v1/tasks?{query}", 400)
    assert (answer["error_code"], answer["parameter"]) == ("bad_parameter", parameter)
    assert parameter in answer["error"]


def test_a_task_in_full(url: str, journal: FileJournal, tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("no\n")
    (tmp_path / "hello.rpm").write_text("a result, no log")
    (tmp_path / "link.log").symlink_to("/etc/passwd")
    journal.record(taken(7))
    journal.record(events.TaskLogsKept(task_id=7, path=str(tmp_path)))
    journal.record(events.PhaseStarted(task_id=7, number=0, depth=0, name="chroot init"))
    journal.record(events.PhaseEnded(task_id=7, number=0, ok=True))
    journal.record(created("7"))
    journal.record(events.CacheUsed(task_id=7, kind="root", key="k", hit=True))
    failure = Failure("build", "gcc said no", ("error: no",), "build.log", 17)
    journal.record(events.TaskEnded(task_id=7, status="failed", failure=failure))
    task = get(url, "/api/v1/tasks/7")
    matches(task, "TaskDetail")
    assert task["failure"] == {
        "class": "build",
        "message": "gcc said no",
        "excerpt": ["error: no"],
        "log": "build.log",
        "offset": 17,
    }
    assert task["logs"] == [{"name": "build.log", "size": 3}]
    assert [phase["name"] for phase in task["phases"]] == ["chroot init"]
    assert task["started_at"].endswith("Z")


@pytest.mark.parametrize("number", ["8", "0", "x", "-1", "9" * 30, "1%2f..", "%00", "'; DROP TABLE tasks"])
def test_no_such_task(url: str, number: str) -> None:
    code = get(url, f"/api/v1/tasks/{number}", 404)["error_code"]
    assert code in ("task_not_found", "not_found")


def test_containers_are_what_the_engine_says(url: str, journal: FileJournal, engine: Engine) -> None:
    here, gone, unknown = "a" * 64, "b" * 64, "c" * 64
    for container in (here, gone):
        journal.record(created("7", container))
        journal.record(events.ContainerStarted(container=container))
    engine.present = [
        LiveContainer(here, "adjutant-a", "7", "build", "running", None),
        LiveContainer(unknown, "adjutant-c", "8", "compose", "stopped", 3),
    ]
    page = get(url, "/api/v1/containers")
    matches(page, "ContainerPage")
    assert page["reconciled"]
    states = {container["container_id"][0]: container["status"] for container in page["containers"]}
    assert states == {"a": "running", "b": "removed", "c": "exited"}
    running = get(url, "/api/v1/containers?status=running&task_id=7")
    assert [container["container_id"] for container in running["containers"]] == [here]
    detail = get(url, f"/api/v1/containers/{here[:12]}")
    matches(detail, "ContainerDetail")
    assert detail["spec"]["command"] == ["/bin/true", "--", "\n<b>"]
    assert get(url, f"/api/v1/containers/{unknown}")["exit_code"] == 3
    assert get(url, "/api/v1/containers/adjutant-b", 404)["error_code"] == "container_not_found"


def test_without_an_engine_the_journal_counts(url: str, journal: FileJournal, engine: Engine) -> None:
    engine.failure = EngineUnknownError()
    journal.record(created())
    page = get(url, "/api/v1/containers")
    assert (page["reconciled"], page["containers"][0]["status"]) == (False, "created")


def test_removed_containers_come_last_and_page_by_page(
    url: str, journal: FileJournal, engine: Engine
) -> None:
    names = [f"{number:064x}" for number in range(5)]
    for name in names:
        journal.record(created("7", name))
    for name in names[2:]:
        journal.record(events.ContainerRemoved(container=name))
    engine.present = [LiveContainer(name, name, "7", "build", "running", None) for name in names[:2]]
    seen, path = [], "/api/v1/containers?limit=2"
    while path:
        page = get(url, path)
        seen += [(container["container_id"], container["status"]) for container in page["containers"]]
        path = page["next"]
    assert [name for name, _ in seen] == [names[1], names[0], names[4], names[3], names[2]]
    assert {status for _, status in seen[2:]} == {"removed"}


def test_no_journal_is_503(serving: Serving, sources: Sources, tmp_path: Path) -> None:
    with serving(replace(sources, journal=tmp_path / "none")) as url:
        for path in ("status", "tasks", "tasks/1", "tasks/1/logs", "containers"):
            assert get(url, f"/api/v1/{path}", 503)["error_code"] == "journal_unavailable"
        page = requests.get(url, timeout=60)
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")


def test_it_describes_itself(url: str) -> None:
    document = get(url, "/api/v1/openapi.json")
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        example = path.replace("{task_id}", "1").replace("{container_id}", "x")
        answer = requests.get(url + example, timeout=60)
        assert str(answer.status_code) in operations["get"]["responses"], path
        assert (
            answer.headers["content-type"].split(";")[0]
            in (operations["get"]["responses"][str(answer.status_code)]["content"])
        )
