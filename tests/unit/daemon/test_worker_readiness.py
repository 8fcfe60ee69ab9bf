"""When the worker takes tasks, and what hub and journal learn when it does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from koji_adjutant.container.interface import ContainerState
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.errors import EngineError
from tests.unit.daemon.worker_stage import Hub, hub, start, wait_until_reaped, worker

__all__ = ["hub", "worker"]


@pytest.fixture
def willing(worker: Worker, hub: Hub) -> Worker:
    """A worker that koji's conditions let take tasks."""
    worker.options.adjutant.state_dir.mkdir()
    worker.options.minspace = 1
    hub.answers["host.getHost"] = {"enabled": True, "capacity": 2.0}
    hub.answers["host.getTasks"] = []
    return worker


class Events:
    """A journal that keeps what it is given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def record(self, event: Any) -> None:
        self.seen.append(event)


def look(worker: Worker, hub: Hub) -> tuple[bool, dict[str, Any], Any]:
    """Look for a task; what the hub and the journal learn of it."""
    worker.journal = events = Events()
    worker.getNextTask()
    _, (_load, ready), named = [call for call in hub.calls if call[0] == "host.updateHost"][-1]
    return ready, named["data"], events.seen[-1]


def test_an_engine_that_does_not_answer(willing: Worker, hub: Hub) -> None:
    def gone(_labels: dict[str, str]) -> list[ContainerState]:
        raise EngineError("no socket")

    engine: Any = willing.containers
    engine.list_containers = gone
    assert willing.readyForTask() is False
    assert willing.status == "The container engine does not answer: no socket"
    start(willing, hub, lambda: None)
    wait_until_reaped(willing)
    del engine.list_containers
    engine.add("left", worker_id="hub-host1", task_id="5")
    assert willing.readyForTask() is True
    assert engine.present == {}


def test_a_container_that_cannot_be_removed_stops_nothing(willing: Worker, hub: Hub) -> None:
    engine: Any = willing.containers
    for name in ("stuck", "left"):
        engine.add(name, worker_id="hub-host1", task_id="5")
    remove = engine.remove

    def refuse(container: str) -> None:
        if container == "stuck":
            raise EngineError("device or resource busy")
        remove(container)

    engine.remove = refuse
    willing.remove_containers()
    assert set(engine.present) == {"stuck"}
    ready, data, seen = look(willing, hub)
    words = "the container stuck cannot be removed, it is tried again: device or resource busy"
    assert (ready, data["problems"], seen.problem, seen.draining) == (True, [words], words, None)
    assert hub.methods("host.getTasks") == ["host.getTasks"]

    start(willing, hub, lambda: None)
    wait_until_reaped(willing)
    remove("stuck")
    ready, data, seen = look(willing, hub)
    assert (ready, set(data), seen.problem) == (True, {"methods", "maxjobs"}, None)


def test_without_a_tool_image_it_takes_none_and_says_so(willing: Worker, hub: Hub) -> None:
    image: Any = SimpleNamespace(
        problem=lambda _engine: "the image tools:1 is not in podman's storage: make it"
    )
    willing.tool_image = image
    words = "No tool image: the image tools:1 is not in podman's storage: make it"
    ready, data, seen = look(willing, hub)
    assert (ready, data["problems"], seen.problem) == (False, [words], words)
    assert hub.methods("host.getTasks") == []
    image.problem = lambda _engine: None
    ready, data, seen = look(willing, hub)
    assert (ready, set(data), seen.problem) == (True, {"methods", "maxjobs"}, None)
    hub.answers["host.getHost"] = {"enabled": False, "capacity": 2.0}
    ready, data, seen = look(willing, hub)
    assert (ready, set(data)) == (False, {"methods", "maxjobs"})
    assert (seen.problem, seen.draining) == (None, "Host is disabled")


def test_space_is_looked_for_where_builds_write(worker: Worker) -> None:
    worker.options.adjutant.state_dir.mkdir()
    worker.options.minspace = 1
    assert worker.checkSpace() is True
    worker.options.minspace = 10**12
    assert worker.checkSpace() is False
    assert worker.status.startswith("Insufficient disk space at ")
    assert worker.status.endswith(" MB, 1000000000000 MB required")
