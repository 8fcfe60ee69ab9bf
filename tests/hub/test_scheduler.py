"""Who gets a task: only a ready host of the task's channel and architecture that has not refused it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import koji
import pytest

from tests.hub.builder import Builder
from tests.hub.names import unique


@pytest.fixture
def channel(admin: Any, other_builder: Builder) -> Iterator[str]:
    """A channel that has no host but ``other_builder``, which is ready and has no other work: other channels
    may hold what nobody did, such as mails about the builds of other tests."""
    name = unique("channel")
    host = admin.getHost(other_builder.id)["name"]
    others = [channel["name"] for channel in admin.listChannels(other_builder.id)]
    for other in others:
        admin.removeHostFromChannel(host, other)
    admin.addHostToChannel(host, name, create=True)
    other_builder.session.host.updateHost(0.0, True, data={"maxjobs": 2, "methods": ["sleep"]})
    yield name
    other_builder.session.host.updateHost(0.0, False)
    admin.removeHostFromChannel(host, name)
    for other in others:
        admin.addHostToChannel(host, other)


def assigned(builder: Builder) -> set[int]:
    """What the host is offered after a run of the scheduler."""
    builder.admin.scheduler.doRun(force=True)
    return {task["id"] for task in builder.session.host.getTasks()}


def test_a_ready_host_is_given_the_task(admin: Any, other_builder: Builder, channel: str) -> None:
    host = other_builder.session.host
    task = admin.makeTask("sleep", [1], channel=channel)
    assert task in assigned(other_builder)
    info = admin.getTaskInfo(task)
    assert (info["state"], info["host_id"]) == (koji.TASK_STATES["ASSIGNED"], other_builder.id)
    assert host.openTask(task)["id"] == task
    other_builder.close(task)


def test_not_a_task_of_another_arch(admin: Any, other_builder: Builder, channel: str) -> None:
    foreign = admin.makeTask("sleep", [1], channel=channel, arch="ppc64le", priority=1)
    ours = admin.makeTask("sleep", [1], channel=channel, arch="x86_64", priority=20)
    assert ours in assigned(other_builder)
    assert admin.getTaskInfo(foreign)["state"] == koji.TASK_STATES["FREE"]
    for task in (foreign, ours):
        admin.cancelTask(task)


def test_not_a_task_that_the_host_refused(admin: Any, other_builder: Builder, channel: str) -> None:
    host = other_builder.session.host
    refused = admin.makeTask("sleep", [1], channel=channel, priority=1)
    assert refused in assigned(other_builder)
    host.refuseTask(refused, soft=False, msg="no handler")
    later = admin.makeTask("sleep", [1], channel=channel, priority=20)
    assert later in assigned(other_builder)
    assert admin.getTaskInfo(refused)["state"] == koji.TASK_STATES["FREE"]
    for task in (refused, later):
        admin.cancelTask(task)


def test_the_more_urgent_task_first(admin: Any, other_builder: Builder, channel: str) -> None:
    host = other_builder.session.host
    host.updateHost(0.0, False)
    idle = admin.makeTask("sleep", [1], channel=channel, priority=30)
    urgent = admin.makeTask("sleep", [1], channel=channel, priority=5)
    host.updateHost(0.0, True, data={"maxjobs": 1, "methods": ["sleep"]})
    assert urgent in assigned(other_builder)
    assert admin.getTaskInfo(idle)["state"] == koji.TASK_STATES["FREE"]
    for task in (idle, urgent):
        admin.cancelTask(task)
