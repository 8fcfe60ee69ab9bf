"""Queries that the stock client makes."""

from __future__ import annotations

from typing import Any

import koji

from tests.unit.devhub.builder import Builder


def test_search(admin: koji.ClientSession, refused: Any) -> None:
    assert [found["name"] for found in admin.search("DIST*", "tag", "glob", {"order": "name"})] == [
        "dist",
        "dist-build",
    ]
    assert [found["name"] for found in admin.search("^builder[12]$", "host", "regexp")] == [
        "builder1",
        "builder2",
    ]
    assert admin.search("dis", "target", "exact") == []
    with refused(1000, "No such search type: x"):
        admin.search("a", "x", "glob")
    with refused(1000, "invalid regular expression"):
        admin.search("(", "tag", "regexp")


def test_query_options(admin: koji.ClientSession, refused: Any) -> None:
    names = [channel["name"] for channel in admin.listChannels()]
    users = admin.listUsers(queryOpts={"order": "-name", "limit": 2, "offset": 1})
    everybody = sorted((user["name"] for user in admin.listUsers()), reverse=True)
    assert [user["name"] for user in users] == everybody[1:3]
    assert admin.listUsers(queryOpts={"countOnly": True}) == len(everybody)
    assert {"default", "createrepo"} <= set(names)
    with refused(1000, "Invalid order: nothing"):
        admin.listUsers(queryOpts={"order": "nothing"})


def test_lists_of_tasks(builder: Builder, admin: koji.ClientSession) -> None:
    done = builder.open(admin, "sleep", 7)
    builder.close(done, {"a": "result"})
    running = builder.open(admin, "sleep", 8)
    child = builder.host.subtask("sleep", [9], running)
    states = [koji.TASK_STATES["OPEN"]]
    since = admin.getTaskInfo(done)["create_ts"] - 0.001
    mine = {"host_id": builder.id, "method": "sleep", "decode": True, "createdAfter": since}
    opened = admin.listTasks({**mine, "state": states}, {"order": "-id"})
    assert opened[0]["id"] == running
    assert (opened[0]["request"], opened[0]["owner_name"]) == ([8], "kojiadmin")
    closed = admin.listTasks({**mine, "not_state": states})
    assert [task["result"] for task in closed if task["id"] == done] == [[{"a": "result"}]]
    assert [task["id"] for task in admin.listTasks({"parent": running})] == [child]
    assert child not in [task["id"] for task in admin.listTasks({"parent": None})]
    assert [task["id"] for task in admin.getTaskChildren(running)] == [child]
    assert list(admin.getTaskDescendents(running)) == [str(running), str(child)]
    builder.fail(running, 1005, "no")
    assert admin.listTasks({**mine, "state": [5]})[-1]["result"] == {"faultCode": 1005, "faultString": "no"}
    admin.cancelTask(child)


def test_canceling_and_resubmitting(
    builder: Builder, admin: koji.ClientSession, packager: koji.ClientSession, refused: Any
) -> None:
    task_id = packager.build("git://host/x#1", "dist", {"scratch": True})
    foreign = admin.build("git://host/x#1", "dist")
    with refused(1004, "Cannot cancel task, not owner"):
        packager.cancelTask(foreign)
    with refused(1000, "only canceled or failed tasks may be resubmitted"):
        packager.resubmitTask(task_id)
    packager.cancelTask(task_id)
    again = packager.resubmitTask(task_id)
    assert packager.getTaskRequest(again) == ["git://host/x#1", "dist", {"scratch": True}]
    with refused(1004, "only admins may create high-priority tasks"):
        packager.build("git://host/x#1", "dist", {}, -1)
    assert admin.getTaskInfo(admin.build("git://host/x#1", "dist", {}, -1))["priority"] == 19
    for one in (foreign, again):
        admin.cancelTask(one)


def test_the_list_of_calls(admin: koji.ClientSession) -> None:
    described = {method["name"]: method for method in admin.callMethod("_listapi")}
    assert described["getTag"]["args"][0] == "tagInfo"
    assert described["getTag"]["argdesc"].startswith("(tagInfo, strict=False")
    assert all(method["doc"] for method in described.values())
    assert {"multiCall", "host.completeBuild"} <= set(admin.system.listMethods())
    assert "host.completeBuild(task_id, build_id" in admin.system.methodHelp("host.completeBuild")
