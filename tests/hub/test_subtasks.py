"""Parents and children: what a ``build`` task does to its ``buildArch`` tasks."""

from __future__ import annotations

from typing import Any

import koji
import pytest
from koji import xmlrpcplus

from tests.hub.builder import Builder
from tests.hub.faults import refused

GENERIC = koji.GenericError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode


@pytest.fixture
def parent(builder: Builder) -> int:
    return builder.open_task()


def child_of(builder: Builder, parent: int, **options: Any) -> int:
    """A subtask that no scheduler gives away, because this host has it already."""
    return int(builder.session.host.subtask("sleep", [1], parent, assign=builder.id, **options))


def test_a_child_takes_after_its_parent(builder: Builder, parent: int) -> None:
    info = builder.admin.getTaskInfo(child_of(builder, parent, label="a"))
    above = builder.admin.getTaskInfo(parent)
    assert (info["parent"], info["label"], info["arch"]) == (parent, "a", "noarch")
    assert (info["owner"], info["channel_id"]) == (above["owner"], above["channel_id"])
    assert info["priority"] == above["priority"] - 1


def test_the_same_label_is_the_same_child(builder: Builder, parent: int) -> None:
    child = child_of(builder, parent, label="a")
    assert builder.session.host.subtask("other", [2, 3], parent, label="a", arch="i386") == child
    assert child_of(builder, parent, label="b") != child


def test_a_child_in_a_channel(builder: Builder, parent: int) -> None:
    info = builder.admin.getTaskInfo(child_of(builder, parent, channel="createrepo"))
    assert builder.admin.getChannel(info["channel_id"])["name"] == "createrepo"


def test_keyword_arguments_of_a_child(builder: Builder, parent: int) -> None:
    child = child_of(builder, parent, kwargs={"repo_id": 3})
    assert builder.admin.getTaskRequest(child) == [1, {"repo_id": 3, "__starstar": True}]


def test_a_child_cannot_have_another_owner(builder: Builder, parent: int) -> None:
    with refused(NOT_ALLOWED, "The owner option is not allowed here"):
        child_of(builder, parent, owner=1)


def test_a_child_of_a_bad_arch(builder: Builder, parent: int) -> None:
    with refused(GENERIC, "Architecture can be only"):
        child_of(builder, parent, arch="x86 64;")


def test_a_child_of_an_unknown_channel(builder: Builder, parent: int) -> None:
    with refused(GENERIC, "No such channel: nowhere"):
        child_of(builder, parent, channel="nowhere")


def test_only_the_host_of_the_parent_makes_children(builder: Builder, other_builder: Builder) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        child_of(builder, other_builder.open_task())


def test_waiting(builder: Builder, parent: int) -> None:
    host = builder.session.host
    child = child_of(builder, parent)
    host.taskSetWait(parent, [child])
    assert builder.admin.getTaskInfo(parent)["waiting"] is True
    assert builder.admin.getTaskInfo(child)["awaited"] is True
    assert host.taskWait(parent) == [[], [child]]
    assert "alert" not in host_task(builder, parent)
    builder.close(open_child(builder, child), "done")
    assert host_task(builder, parent)["alert"] is True
    assert host.taskWait(parent) == [[child], []]
    assert host.taskWait(parent) == [[], []]
    assert host.taskWaitResults(parent, [child]) == [[child, "done"]]
    assert builder.admin.getTaskInfo(parent)["waiting"] is False


def test_waiting_for_all(builder: Builder, parent: int) -> None:
    children = [child_of(builder, parent), child_of(builder, parent)]
    builder.session.host.taskSetWait(parent, None)
    assert sorted(builder.session.host.taskWait(parent)[1]) == children


def test_result_of_a_canceled_child(builder: Builder, parent: int) -> None:
    child = child_of(builder, parent)
    builder.session.host.taskSetWait(parent, [child])
    builder.admin.cancelTask(child)
    with refused(GENERIC, f"Task {child} is canceled"):
        builder.session.host.taskWaitResults(parent, [child])
    fault = {"faultCode": 1000, "faultString": f"Task {child} is canceled"}
    assert builder.session.host.taskWaitResults(parent, [child], canfail=[child]) == [[child, fault]]


def test_result_of_a_failed_child(builder: Builder, parent: int) -> None:
    child = open_child(builder, child_of(builder, parent))
    fault = xmlrpcplus.Fault(koji.BuildError.faultCode, "see build.log for more information")
    builder.session.host.failTask(child, xmlrpcplus.dumps(fault))
    with refused(koji.BuildError.faultCode, "see build.log"):
        builder.session.host.taskWaitResults(parent, [child])


def test_canceling_the_children(builder: Builder, parent: int) -> None:
    child = child_of(builder, parent)
    builder.session.cancelTaskChildren(parent)
    assert builder.admin.getTaskInfo(child)["state"] == koji.TASK_STATES["CANCELED"]
    assert builder.admin.getTaskInfo(parent)["state"] == koji.TASK_STATES["OPEN"]


def test_canceling_a_parent_cancels_its_children(builder: Builder, parent: int) -> None:
    child = open_child(builder, child_of(builder, parent))
    builder.admin.cancelTask(parent)
    assert builder.admin.getTaskInfo(child)["state"] == koji.TASK_STATES["CANCELED"]


def test_children_and_descendents(builder: Builder, parent: int) -> None:
    child = child_of(builder, parent, label="x86_64")
    assert [task["id"] for task in builder.admin.getTaskChildren(parent)] == [child]
    tree = builder.admin.getTaskDescendents(parent)
    assert [task["id"] for task in tree[str(parent)]] == [child]
    assert tree[str(child)] == []


def open_child(builder: Builder, child: int) -> int:
    builder.session.host.openTask(child)
    return child


def host_task(builder: Builder, task: int) -> dict[str, Any]:
    (info,) = (entry for entry in builder.session.host.getHostTasks() if entry["id"] == task)
    return dict(info)
