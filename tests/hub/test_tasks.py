"""A task's life: assigned, opened, weighed, closed, failed, refused, freed, canceled."""

from __future__ import annotations

from typing import Any

import koji
import pytest
from koji import xmlrpcplus

from tests.hub.builder import Builder
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.names import unique

GENERIC = koji.GenericError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode
NOT_OURS = r"host \d+ does not own task \d+"
STATE = koji.TASK_STATES
FOREIGN_ARCH = "ppc64le"
"""An architecture that no host has: a task of it stays FREE."""


def result(value: object) -> str:
    return str(xmlrpcplus.dumps((value,), methodresponse=1))


def test_open_a_task(builder: Builder) -> None:
    task = builder.assigned_task("sleep", [7], arch="x86_64")
    info = builder.session.host.openTask(task)
    assert (info["id"], info["state"], info["method"], info["arch"]) == (
        task,
        STATE["OPEN"],
        "sleep",
        "x86_64",
    )
    assert (info["host_id"], info["parent"], info["label"], info["priority"]) == (builder.id, None, None, 20)
    assert xmlrpcplus.loads(info["request"]) == ((7,), "sleep")
    assert isinstance(info["start_ts"], float)
    assert info["completion_ts"] is None


def test_fields_of_a_task(builder: Builder) -> None:
    info = builder.session.host.openTask(builder.assigned_task())
    times = {f"{event}_{kind}" for event in ("create", "start", "completion") for kind in ("time", "ts")}
    assert set(info) == times | {
        "id", "state", "channel_id", "host_id", "parent", "label", "waiting", "awaited", "owner", "method",
        "arch", "priority", "weight", "request",
    }  # fmt: skip


def test_keyword_arguments_in_a_request(builder: Builder) -> None:
    task = builder.open_task("sleep", koji.encode_args(1, label="x"))
    assert builder.admin.getTaskInfo(task, request=True)["request"] == [1, {"label": "x", "__starstar": True}]


@pytest.mark.parametrize("request_", [("build", [1, "target"]), ("wrapperRPM", [None, "target", None, None])])
def test_a_source_that_is_no_text(builder: Builder, request_: tuple[str, list[Any]]) -> None:
    with refused(koji.ParameterError.faultCode, "Invalid type"):
        builder.admin.makeTask(*request_)


def test_open_a_task_twice(builder: Builder) -> None:
    assert builder.session.host.openTask(builder.open_task()) is None


def test_open_a_free_task(builder: Builder) -> None:
    task = builder.admin.makeTask("sleep", [1], arch=FOREIGN_ARCH)
    assert builder.session.host.openTask(task)["host_id"] == builder.id


def test_open_a_task_of_another_host(builder: Builder, other_builder: Builder) -> None:
    assert builder.session.host.openTask(other_builder.assigned_task()) is None


def test_open_a_canceled_task(builder: Builder) -> None:
    task = builder.assigned_task()
    builder.admin.cancelTask(task)
    assert builder.session.host.openTask(task) is None


def test_open_a_task_that_does_not_exist(builder: Builder) -> None:
    with refused(GENERIC):
        builder.session.host.openTask(999_999_999)


def test_tasks_of_a_host(builder: Builder) -> None:
    assigned, opened = builder.assigned_task(), builder.open_task()
    builder.session.host.setTaskWeight(opened, 2.5)
    ours = {task["id"]: task for task in builder.session.host.getHostTasks()}
    assert ours[opened]["weight"] == 2.5
    assert not ours[opened]["waiting"]
    assert assigned not in ours
    offered = {task["id"]: task for task in builder.session.host.getTasks()}
    assert offered[assigned]["state"] == STATE["ASSIGNED"]
    assert set(offered[assigned]) >= {
        "id",
        "state",
        "channel_id",
        "host_id",
        "arch",
        "method",
        "priority",
        "create_ts",
    }
    builder.admin.cancelTask(assigned)


def test_close(builder: Builder) -> None:
    task = builder.open_task()
    builder.session.host.closeTask(task, result({"a": 1}))
    assert builder.admin.getTaskInfo(task)["state"] == STATE["CLOSED"]
    assert builder.admin.getTaskResult(task) == {"a": 1}


def test_close_twice(builder: Builder) -> None:
    task = builder.open_task()
    builder.close(task)
    with refused(NOT_ALLOWED, NOT_OURS):
        builder.close(task)


def test_close_a_task_that_is_not_open(builder: Builder) -> None:
    with refused(NOT_ALLOWED, NOT_OURS):
        builder.close(builder.assigned_task())


def test_close_with_garbage(builder: Builder) -> None:
    with refused(ANY_ERROR):
        builder.session.host.closeTask(builder.open_task(), "garbage")


def test_result_of_an_open_task(builder: Builder) -> None:
    with refused(GENERIC, r"Task \d+ is not finished|Task \d+ is open"):
        builder.admin.getTaskResult(builder.open_task())


def test_fail(builder: Builder) -> None:
    task = builder.open_task()
    fault = xmlrpcplus.Fault(koji.BuildError.faultCode, "it broke")
    builder.session.host.failTask(task, xmlrpcplus.dumps(fault))
    assert builder.admin.getTaskInfo(task)["state"] == STATE["FAILED"]
    with refused(koji.BuildError.faultCode, "^it broke$"):
        builder.admin.getTaskResult(task)
    assert builder.admin.getTaskResult(task, raise_fault=False) == {
        "faultCode": 1005,
        "faultString": "it broke",
    }


def test_fail_with_garbage_is_found_out_later(builder: Builder) -> None:
    task = builder.open_task()
    builder.session.host.failTask(task, "garbage")
    with refused(ANY_ERROR):
        builder.admin.getTaskResult(task)


def test_weight(builder: Builder) -> None:
    task = builder.open_task()
    assert builder.session.host.setTaskWeight(task, 3.25) is None
    assert builder.admin.getTaskInfo(task)["weight"] == 3.25


def test_refuse(builder: Builder) -> None:
    task = builder.assigned_task(arch=FOREIGN_ARCH)
    assert builder.session.host.refuseTask(task, soft=False, msg="not here") is None
    info = builder.admin.getTaskInfo(task)
    assert (info["state"], info["host_id"]) == (STATE["FREE"], None)
    assert builder.session.host.refuseTask(task) is None


def test_a_refused_task_can_still_be_opened(builder: Builder) -> None:
    task = builder.assigned_task(arch=FOREIGN_ARCH)
    builder.session.host.refuseTask(task)
    assert builder.session.host.openTask(task)["id"] == task


def test_free(builder: Builder, other_builder: Builder) -> None:
    ours, theirs = builder.open_task(arch=FOREIGN_ARCH), other_builder.open_task()
    assert builder.session.host.freeTasks([ours, theirs]) is None
    assert builder.admin.getTaskInfo(ours)["state"] == STATE["FREE"]
    assert builder.admin.getTaskInfo(theirs)["state"] == STATE["OPEN"]


def test_free_a_task_that_does_not_exist(builder: Builder) -> None:
    with refused(GENERIC, "No such task: 999999999"):
        builder.session.host.freeTasks([999_999_999])


def test_cancel(builder: Builder) -> None:
    task = builder.open_task()
    builder.admin.cancelTask(task)
    assert builder.admin.getTaskInfo(task)["state"] == STATE["CANCELED"]
    with refused(GENERIC, f"Task {task} is canceled"):
        builder.admin.getTaskResult(task)


@pytest.mark.parametrize("call", ["closeTask", "failTask", "setTaskWeight"])
def test_a_canceled_task_is_no_longer_ours(builder: Builder, call: str) -> None:
    task = builder.open_task()
    builder.admin.cancelTask(task)
    with refused(NOT_ALLOWED, NOT_OURS):
        getattr(builder.session.host, call)(task, 1.0 if call == "setTaskWeight" else result(None))


def test_a_user_may_not_cancel_the_tasks_of_others(builder: Builder, user: Any) -> None:
    with refused(NOT_ALLOWED, "Cannot cancel task, not owner"):
        user.cancelTask(builder.open_task())


def test_task_info_of_several(builder: Builder) -> None:
    tasks = [builder.open_task(), builder.open_task()]
    assert [info["id"] for info in builder.admin.getTaskInfo(tasks)] == tasks


def test_task_info_of_nothing(builder: Builder) -> None:
    assert builder.admin.getTaskInfo(999_999_999) is None
    with refused(GENERIC):
        builder.admin.getTaskInfo(999_999_999, strict=True)


def test_output_of_a_task(builder: Builder) -> None:
    task = builder.open_task()
    builder.upload(task, "build.log", b"one\ntwo\n")
    assert builder.admin.listTaskOutput(task) == ["build.log"]
    assert builder.admin.downloadTaskOutput(task, "build.log", offset=4) == b"two\n"
    assert builder.admin.listTaskOutput(task, stat=True)["build.log"]["st_size"] == "8"


def test_a_name_for_a_task_that_nobody_knows(builder: Builder) -> None:
    """The hub takes any method name; the worker refuses what it has no handler for."""
    method = unique("method").replace("-", "_")
    assert builder.admin.getTaskInfo(builder.open_task(method, []))["method"] == method
