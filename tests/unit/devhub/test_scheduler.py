"""Which builder gets which task. Each test has its own hub: tasks left over would be assigned too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.devhub import DevHub
from tests.unit.devhub.builder import Builder
from tests.unit.devhub.in_thread import devhub_in_thread

STATES = koji.TASK_STATES


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[DevHub]:
    with devhub_in_thread(tmp_path) as hub:
        yield hub


@pytest.fixture
def boss(own_hub: DevHub) -> Iterator[koji.ClientSession]:
    session = own_hub.session("kojiadmin", "kojiadmin")
    yield session
    session.logout()


@pytest.fixture
def add(own_hub: DevHub, boss: koji.ClientSession) -> Iterator[Any]:
    """Make and connect a builder."""
    connected: list[Builder] = []

    def make(name: str, arches: str = "x86_64") -> Builder:
        boss.addHost(name, arches.split())
        boss.callMethod("devhub.setPassword", name, "pw")
        connected.append(Builder(own_hub, name, "pw"))
        return connected[-1]

    yield make
    for builder in connected:
        builder.session.logout()


def _given(builder: Builder) -> list[int]:
    return [task["id"] for task in builder.host.getTasks()]


def test_priority_before_age(boss: koji.ClientSession, add: Any) -> None:
    late = boss.makeTask("sleep", [1], priority=30)
    early = boss.makeTask("sleep", [1], priority=10)
    builder = add("one")
    assert _given(builder) == [early, late]
    assert boss.getTaskInfo(early)["state"] == STATES["ASSIGNED"]
    assert builder.host.getLoadData()[1][0]["id"] == early


def test_channel_and_arch(boss: koji.ClientSession, add: Any) -> None:
    builder = add("one", "x86_64")
    other_channel = boss.makeTask("newRepo", ["x"], channel="createrepo")
    other_arch = boss.makeTask("buildArch", ["x", 1, "ppc64le", True], arch="ppc64le")
    noarch = boss.makeTask("sleep", [1])
    assert _given(builder) == [noarch]
    boss.addHostToChannel("one", "createrepo")
    boss.cancelTask(noarch)
    assert _given(builder) == [other_channel]
    boss.cancelTask(other_channel)
    assert _given(add("two", "ppc64le")) == [other_arch]


def test_the_number_of_tasks_and_their_weight(boss: koji.ClientSession, add: Any) -> None:
    builder = add("one")
    builder.host.updateHost(0.0, True, data={"maxjobs": 1})
    first = boss.makeTask("sleep", [1])
    second = boss.makeTask("sleep", [1])
    assert _given(builder) == [first]
    builder.host.updateHost(0.0, True, data={"maxjobs": 5})
    builder.host.openTask(first)
    builder.host.setTaskWeight(first, 2.0)
    assert _given(builder) == []
    builder.host.taskSetWait(first, None)
    assert _given(builder) == [second]


def test_a_builder_that_is_not_ready(boss: koji.ClientSession, add: Any) -> None:
    builder = add("one")
    task_id = boss.makeTask("sleep", [1])
    builder.host.updateHost(0.0, False)
    assert _given(builder) == []
    builder.host.updateHost(0.0, True)
    boss.disableHost("one")
    assert _given(builder) == []
    boss.enableHost("one")
    assert _given(builder) == [task_id]


def test_refusals(boss: koji.ClientSession, add: Any) -> None:
    one, two = add("one"), add("two")
    task_id = boss.makeTask("sleep", [1])
    assert _given(one) == [task_id]
    one.host.refuseTask(task_id, soft=False, msg="no")
    assert _given(one) == []
    assert _given(two) == [task_id]


def test_a_noarch_task_needs_a_builder_with_an_arch_of_the_tag(boss: koji.ClientSession, add: Any) -> None:
    one, two = add("one", "ppc64le"), add("two", "x86_64")
    boss.createTag("build-tag", arches="x86_64")
    task_id = boss.makeTask("rebuildSRPM", ["x.src.rpm", "build-tag"])
    assert _given(one) == []
    assert _given(two) == [task_id]


def _backdate(hub: DevHub, table: str, column: str, seconds: float) -> None:
    with sqlite3.connect(hub.directory / "devhub.sqlite") as connection:
        connection.execute(f"UPDATE {table} SET {column} = {column} - {seconds}")  # noqa: S608
    connection.close()


def test_a_task_that_is_not_opened_goes_to_another(
    own_hub: DevHub, boss: koji.ClientSession, add: Any
) -> None:
    one, two = add("one"), add("two")
    task_id = boss.makeTask("sleep", [1])
    assert _given(one) == [task_id]
    _backdate(own_hub, "task", "assign_time", 301)
    assert _given(two) == [task_id]
    assert boss.scheduler.getTaskRefusals()[0]["msg"] == "assignment timeout"


def test_the_tasks_of_a_silent_builder_are_freed(own_hub: DevHub, boss: koji.ClientSession, add: Any) -> None:
    one, two = add("one"), add("two")
    task_id = boss.makeTask("sleep", [1])
    assert _given(one) == [task_id]
    one.host.openTask(task_id)
    _backdate(own_hub, "host", "update_time", 901)
    two.host.updateHost(0.0, True)
    assert _given(two) == [task_id]
    assert boss.getHost("one")["ready"] is False


def test_the_repo_keeper_makes_tasks(boss: koji.ClientSession, add: Any) -> None:
    boss.createTag("wanted", arches="x86_64", extra={"repo.auto": True})
    builder = add("one")
    boss.addHostToChannel("one", "createrepo")
    tasks: list[int] = []
    while not tasks:  # the keeper looks every half second; pytest's timeout ends this if it does not
        tasks = _given(builder)
    request = boss.getTaskRequest(tasks[0])
    assert (request[0]["name"], request[1]["opts"]) == ("wanted", {})
    builder.host.openTask(tasks[0])
    builder.fail(tasks[0], 1000, "no luck")
    again: list[int] = []
    while not again:
        again = _given(builder)
    assert boss.getTaskInfo(again[0])["method"] == "newRepo"
