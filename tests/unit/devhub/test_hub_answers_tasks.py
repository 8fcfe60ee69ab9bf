"""Sessions and tasks: a real hub's answers, probed line by line."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import koji
import pytest

from koji_adjutant.devhub import DevHub
from tests.unit.devhub.builder import Builder


def test_host_calls_need_a_builder_with_an_exclusive_session(hub: DevHub, refused: Any) -> None:
    session = hub.session("builder2", "builder")
    with refused(1002, "This method requires an exclusive session"):
        session.host.getID()
    session.exclusiveSession()
    assert session.host.getID() == 2
    other = hub.session("builder2", "builder")
    with refused(1006, "User locked by another session"):
        other.getAPIVersion()
    with refused(1006, "Cannot get exclusive session"):
        other.exclusiveSession()
    child = session.subsession()
    assert child.host.getID() == 2
    child.logout()
    other.exclusiveSession(force=True)
    with refused(1002, "Invalid session or bad credentials"):
        session.echo(1)
    other.sharedSession()
    other.logout()


def test_a_user_is_no_builder(admin: koji.ClientSession, refused: Any) -> None:
    with refused(1002, "User 1 is not a host"):
        admin.host.getID()


@pytest.mark.parametrize("password", ["wrong", "", None])
def test_wrong_passwords(hub: DevHub, refused: Any, password: Any) -> None:
    session = hub.session()
    with refused(1002, "invalid username or password"):
        session.callMethod("login", "kojiadmin", password)


def test_a_user_without_a_password_cannot_log_in(hub: DevHub, refused: Any) -> None:
    with refused(1002, "invalid username or password"):
        hub.session().callMethod("login", "kojira", "x")


def test_an_open_task_takes_uploads(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    task_id = admin.makeTask("sleep", [1], assign="builder1")
    other = admin.makeTask("sleep", [1], assign="builder2")
    directory = koji.pathinfo.taskrelpath(task_id)
    send = builder.session.rawUpload
    with refused(1004, f"host {builder.id} does not own task {task_id}"):
        send(b"abc", 0, directory, "f")
    with refused(1004, f"host {builder.id} does not own task {task_id}"):
        builder.close(task_id)
    opened = builder.host.openTask(task_id)
    assert opened["state"] == koji.TASK_STATES["OPEN"]
    assert koji.xmlrpcplus.loads(opened["request"]) == ((1,), "sleep")
    assert builder.host.openTask(task_id) is None
    first = {"size": 3, "fileverify": "adler32", "offset": 0, "hexdigest": "024d0127"}
    assert send(b"abc", 0, directory, "f") == first
    with refused(1000, f"upload path exists: {builder.hub.topdir}/work/{directory}/f"):
        send(b"abc", 0, directory, "f")
    assert send(b"def", 3, directory, "f") == {**first, "offset": 3, "hexdigest": "025f0130"}
    with refused(1000, "Expected 3, actual 6"):
        send(b"Z", 2, directory, "f")
    assert send(b"Z", 2, directory, "f", overwrite=True)["hexdigest"] == "005b005b"
    info = builder.session.checkUpload(directory, "f", verify="sha256")
    assert info["size"] == info["sumlength"] == 3
    assert builder.session.checkUpload(directory, "missing") is None
    with refused(1, "TypeError'>: 'NoneType' object is not callable"):
        send(b"abc", 0, directory, "g", verify="")
    with refused(1000, "Invalid upload filename: .g"):
        send(b"abc", 0, directory, ".g")
    with refused(1000, "No such task: 999999"):
        send(b"abc", 0, "tasks/9999/999999", "f")
    with refused(1004, "does not own task"):
        send(b"abc", 0, koji.pathinfo.taskrelpath(other), "f")
    assert admin.listTaskOutput(task_id) == ["f"]
    assert admin.downloadTaskOutput(task_id, "f", offset=1) == b"bZ"
    assert admin.downloadTaskOutput(task_id, "f", offset=-1) == b"Z"


@pytest.mark.parametrize(
    ("directory", "name", "text"),
    [
        ("../x", "f", "Invalid upload directory"),
        ("/etc", "f", "Invalid upload directory"),
        ("tasks/1", "f", "Invalid task upload directory"),
        ("tasks/1/x", "f", "Invalid task upload directory"),
        ("cli-build/x", "../f", "Invalid upload filename"),
        ("cli-build/x", "a/f", "Invalid upload filename"),
    ],
)
def test_uploads_stay_where_they_belong(
    packager: koji.ClientSession, refused: Any, directory: str, name: str, text: str
) -> None:
    with refused(1000, text):
        packager.rawUpload(b"x", 0, directory, name)


def test_an_upload_directory_belongs_to_its_first_user(
    packager: koji.ClientSession, admin: koji.ClientSession, refused: Any
) -> None:
    packager.rawUpload(b"x", 0, "cli-build/mine", "f")
    with refused(1000, "Invalid upload directory, not owner"):
        admin.rawUpload(b"x", 0, "cli-build/mine", "g")


def test_the_older_way_to_upload(packager: koji.ClientSession, hub: DevHub, refused: Any) -> None:
    def send(name: str, data: bytes, offset: int, size: int, checksum: Any) -> Any:
        encoded = base64.b64encode(data).decode()
        return packager.callMethod("uploadFile", "cli-build/old", name, size, checksum, offset, encoded)

    whole = hashlib.sha256(b"abcdef").hexdigest()
    assert send("some.rpm", b"abc", 0, 3, hashlib.md5(b"abc", usedforsecurity=False).hexdigest()) is True
    assert send("some.rpm", b"def", 3, 3, ("sha256", "00")) is False
    assert send("some.rpm", b"def", -1, 6, ("sha256", whole)) is True
    assert (hub.topdir / "work/cli-build/old/some.rpm").read_bytes() == b"abcdef"
    with refused(1000, "file already exists"):
        send("some.rpm", b"x", 0, 1, None)
    assert send("some.log", b"x", 0, 1, None) is True
    assert send("some.log", b"y", 0, 1, None) is True
    with refused(1000, "Unsupported verify type: crc"):
        send("other", b"x", 0, 1, ("crc", "00"))


def test_uploading_needs_a_login(hub: DevHub, refused: Any) -> None:
    with refused(1004, "must be logged"):
        hub.session().callMethod("uploadFile", "cli-build/x", "f", 1, None, 0, "eA==")


def test_subtasks_and_waiting(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    host = builder.host
    parent = builder.open(admin)
    host.setTaskWeight(parent, 1.5)
    child = host.subtask(method="sleep", arglist=[1], parent=parent, label="a")
    assert host.subtask(method="other", arglist=[], parent=parent, label="a") == child
    with refused(1004, "The owner option is not allowed here"):
        host.subtask(method="sleep", arglist=[1], parent=parent, owner=1)
    with refused(1000, "Architecture can be only [a-zA-Z0-9_-]"):
        host.subtask(method="sleep", arglist=[1], parent=parent, arch="x;y")
    info = admin.getTaskInfo(child)
    wanted = {"arch": "noarch", "channel_id": 1, "label": "a", "owner": 1, "parent": parent, "priority": 19}
    assert {name: info[name] for name in wanted} == wanted
    assert host.taskSetWait(parent, [child]) is None
    assert host.taskWait(parent) == [[], [child]]
    assert _mine(host.getHostTasks(), parent) == {"id": parent, "waiting": True, "weight": 1.5}
    admin.cancelTask(child)
    assert _mine(host.getHostTasks(), parent) == {"id": parent, "waiting": True, "weight": 1.5, "alert": True}
    assert host.taskWait(parent) == [[child], []]
    assert host.taskWait(parent) == [[], []]
    with refused(1000, f"Task {child} is canceled"):
        host.taskWaitResults(parent, [child])
    fault = {"faultCode": 1000, "faultString": f"Task {child} is canceled"}
    assert host.taskWaitResults(parent, [child], canfail=[child]) == [[child, fault]]
    builder.close(parent)


def _mine(tasks: list[dict[str, Any]], task_id: int) -> dict[str, Any]:
    return next(task for task in tasks if task["id"] == task_id)


def test_ending_tasks(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    task_id = builder.open(admin)
    with refused(1, "binascii.Error"):
        builder.host.closeTask(task_id, "garbage")
    builder.close(task_id, {"a": 1})
    with refused(1004, f"host {builder.id} does not own task {task_id}"):
        builder.close(task_id)
    assert admin.getTaskResult(task_id) == {"a": 1}
    bad = builder.open(admin)
    builder.host.failTask(bad, "garbage")
    with refused(1, "binascii.Error"):
        admin.getTaskResult(bad)
    failed = builder.open(admin)
    builder.fail(failed, 1005, "it broke")
    with refused(1005, "it broke"):
        admin.getTaskResult(failed)
    assert admin.getTaskResult(failed, raise_fault=False) == {"faultCode": 1005, "faultString": "it broke"}


def test_refusing_and_freeing(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    task_id = admin.makeTask("sleep", [1], assign="builder1")
    assert builder.host.refuseTask(task_id) is None
    assert builder.host.refuseTask(task_id) is None
    assert admin.getTaskInfo(task_id)["state"] == koji.TASK_STATES["FREE"]
    assert builder.host.openTask(task_id) is not None
    refusals = admin.scheduler.getTaskRefusals([["task_id", "=", task_id]])
    assert [(refusal["soft"], refusal["by_host"]) for refusal in refusals] == [(True, True)]
    foreign = admin.makeTask("sleep", [1], assign="builder2")
    with refused(1000, "No such task: 999999"):
        builder.host.freeTasks([task_id, 999999])
    assert builder.host.freeTasks([task_id, foreign]) is None
    assert admin.getTaskInfo(task_id)["state"] == koji.TASK_STATES["FREE"]
    assert admin.getTaskInfo(foreign)["state"] == koji.TASK_STATES["ASSIGNED"]
    admin.cancelTask(task_id)


def test_a_canceled_task_is_nobodys(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    task_id = builder.open(admin)
    admin.cancelTask(task_id)
    message = f"host {builder.id} does not own task {task_id}"
    with refused(1004, message):
        builder.close(task_id)
    with refused(1004, message):
        builder.session.rawUpload(b"x", 0, koji.pathinfo.taskrelpath(task_id), "f")
    with refused(1004, message):
        builder.host.setTaskWeight(task_id, 2.0)


def test_call_numbers(builder: Builder, admin: koji.ClientSession, refused: Any) -> None:
    session = builder.session

    def repeat(method: str, *args: Any, back: int = 1) -> Any:
        session.callnum -= back
        return session.callMethod(method, *args)

    session.getAPIVersion()
    assert repeat("getAPIVersion") == 1
    builder.host.updateHost(0.0, True)
    assert repeat("host.updateHost", 0.0, True) is None
    with refused(1009, "(method host.getHost) for session"):
        repeat("host.getHost")
    with refused(1008, " > "):
        repeat("host.getHost", back=3)
    session.callnum += 10
    session.sinfo["session-key"] = "x"
    with refused(1002, "Invalid session or bad credentials"):
        session.callMethod("getAPIVersion")
    session.logged_in = False


def test_a_session_in_the_query_string(hub: DevHub) -> None:
    session = hub.session("packager", "packager")
    session.sinfo.pop("header-auth")
    assert session.getLoggedInUser()["name"] == "packager"
    session.logout()


def test_policies(
    builder: Builder, admin: koji.ClientSession, packager: koji.ClientSession, refused: Any
) -> None:
    user = packager.getLoggedInUser()["id"]
    assert admin.evalPolicy("build_from_scm", {"user_id": 1}) == "allow"
    assert builder.host.assertPolicy("build_from_repo_id", {"user_id": 1}) is None
    assert builder.host.assertPolicy("build_rpm", {"user_id": user}) is None
    denied = "policy violation (build_from_repo_id): Only admin can do this via default policy"
    with refused(1004, denied):
        builder.host.assertPolicy("build_from_repo_id", {"user_id": user})
    with refused(1004, "repo permission required (logged in as builder1)"):
        builder.session.repo.checkQueue()
    with refused(1000, "no such policy: x"):
        admin.evalPolicy("x", {})


def test_a_call_that_only_a_real_hub_has(admin: koji.ClientSession, refused: Any) -> None:
    with refused(1000, "devhub does not have CGImport; a real hub does"):
        admin.callMethod("CGImport", {}, "x")
    with refused(1000, "Invalid method: noSuchThing"):
        admin.callMethod("noSuchThing")
    with refused(1019, "getTag"):
        admin.callMethod("getTag")


def test_multicall(admin: koji.ClientSession) -> None:
    with admin.multicall(strict=False) as calls:
        good = calls.createTag("multi-a")
        bad = calls.createTag("multi-a")
        after = calls.createTag("multi-b")
    assert isinstance(good.result, int)
    assert isinstance(after.result, int)
    with pytest.raises(koji.GenericError, match="already exists"):
        bad.result  # noqa: B018 - raises
    events = [admin.getTag(tag, strict=True)["id"] for tag in ("multi-a", "multi-b")]
    assert len(set(events)) == 2
    assert admin.tagLastChangeEvent("multi-a") < admin.tagLastChangeEvent("multi-b")
