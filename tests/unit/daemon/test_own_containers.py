"""Containers that cannot be removed: they stop nothing, and are tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from koji_adjutant.container.interface import LABEL_PREFIX, ContainerState
from koji_adjutant.daemon import own_containers
from koji_adjutant.daemon.own_containers import OwnContainers
from koji_adjutant.errors import EngineError


class Engine:
    """Has containers, all of worker w, and cannot remove those of ``held``; ``tried``: what it was told."""

    def __init__(self, tasks: Mapping[str, str], held: set[str]) -> None:
        self.tasks = dict(tasks)
        self.held = held
        self.tried: list[str] = []
        self.answers = True

    def list_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        if not self.answers:
            raise EngineError("no socket")
        assert labels == {f"{LABEL_PREFIX}worker_id": "w"}
        return [
            ContainerState(name, name, "running", None, {f"{LABEL_PREFIX}task_id": task})
            for name, task in self.tasks.items()
        ]

    def remove(self, container: str) -> None:
        self.tried.append(container)
        if container in self.held:
            raise EngineError(f"{container}: device or resource busy")
        del self.tasks[container]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(own_containers, "time", clock)
    return clock


def remove(own: OwnContainers, engine: Any, *running: str) -> None:
    own.remove(engine, "w", running)


def test_the_rest_goes(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"one": "1", "two": "2", "three": "3"}, {"one"})
    remove(own, engine, "3")
    assert set(engine.tasks) == {"one", "three"}
    assert (
        own.problem == "the container one cannot be removed, it is tried again: one: device or resource busy"
    )


def test_it_is_tried_again_after_pauses_that_double(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"one": "1"}, {"one"})
    for pause in (15, 30, 60, 120, 240, 480, 600, 600):
        engine.tried.clear()
        remove(own, engine)
        clock.now += pause - 1
        remove(own, engine)
        assert engine.tried == ["one"]
        clock.now += 1
    engine.held.clear()
    remove(own, engine)
    assert (engine.tasks, own.problem) == ({}, None)


def test_one_of_a_task_that_is_done_again(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"first": "1"}, {"first"})
    remove(own, engine)
    engine.tasks["second"] = "1"
    remove(own, engine, "1")
    assert own.problem
    engine.held.clear()
    clock.now += 15
    remove(own, engine, "1")
    assert set(engine.tasks) == {"second"}
    assert own.problem is None


def test_one_that_the_operator_removed(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"one": "1", "two": "2"}, {"one", "two"})
    remove(own, engine)
    assert own.problem
    assert own.problem.startswith("the container one and 1 more cannot be removed, they are tried again: ")
    del engine.tasks["one"], engine.tasks["two"]
    remove(own, engine)
    assert own.problem is None


def test_one_that_has_gone_although_the_engine_failed(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"one": "1"}, set())

    def removes_and_fails(container: str) -> None:
        del engine.tasks[container]
        raise EngineError("the connection was lost")

    engine.remove = removes_and_fails  # type: ignore[method-assign]
    remove(own, engine)
    assert own.problem is None


def test_an_engine_that_has_died_meanwhile(clock: Clock) -> None:
    own, engine = OwnContainers(), Engine({"one": "1"}, set())

    def dies(container: str) -> None:
        engine.answers = False
        raise EngineError("the connection was lost")

    engine.remove = dies  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="no socket"):
        remove(own, engine)
