"""Subtasks that tasks make for their own worker: who gets them, and what becomes of those that do not fit."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.config.adjutant import AssignSubtasks
from koji_adjutant.daemon.own_subtasks import METHODS, OwnSubtasks
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.daemon.worker import Worker
from koji_adjutant.task_handlers import HANDLERS
from koji_adjutant.task_handlers.coordinating import CoordinatingTask
from tests.unit.daemon.worker_stage import LONG, Hub, hub, worker

__all__ = ["hub", "worker"]

PARENT, SUBTASK = 5, 7
ASSIGNED, CLOSED, FREE = (koji.TASK_STATES[name] for name in ("ASSIGNED", "CLOSED", "FREE"))
HOST, CHANNEL = 1, 3


def given(method: str = "tagBuild", **options: Any) -> dict[str, Any]:
    return {"method": method, "arglist": [], "parent": PARENT, **options}


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


@pytest.fixture
def own(wakeup: Wakeup) -> Iterator[OwnSubtasks]:
    own = OwnSubtasks(HOST, "own", wakeup)
    yield own
    own.close()


def assigned_to(own: OwnSubtasks, **options: Any) -> int | None:
    """The host that a subtask is made for."""
    asked: list[dict[str, Any]] = []

    def subtask(**options: Any) -> int:
        asked.append(options)
        return SUBTASK

    assert own.make(subtask, "x86_64 i386", **options) == SUBTASK
    (sent,) = asked
    host: int | None = sent.pop("assign", None)
    assert sent == options
    return host


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, HOST),
        ({"arch": "noarch"}, HOST),
        ({"arch": "i386"}, HOST),
        ({"arch": "aarch64"}, None),
    ],
)
def test_a_task_of_an_arch_that_the_host_has_is_its_own(
    own: OwnSubtasks, options: dict[str, str], host: int | None
) -> None:
    assert assigned_to(own, **given("buildArch", **options)) == host


@pytest.mark.parametrize("assign", get_args(AssignSubtasks))
def test_which_methods_are_assigned(assign: AssignSubtasks, wakeup: Wakeup) -> None:
    expected = {"none": (None, None, None), "tag": (HOST, None, None), "own": (HOST, HOST, None)}
    own = OwnSubtasks(HOST, assign, wakeup)
    found = tuple(assigned_to(own, **given(method)) for method in ("tagBuild", "buildArch", "build"))
    own.close()
    assert found == expected[assign]


def test_the_worker_is_woken_and_knows_what_was_made(own: OwnSubtasks, wakeup: Wakeup) -> None:
    assigned_to(own, **given())
    assert wakeup.sleep(LONG) is True
    own.listen({PARENT})
    assert own.made == {SUBTASK}
    own.listen({PARENT, SUBTASK})
    assert own.made == set()


def test_one_that_the_hub_did_not_make_is_not_waited_for(own: OwnSubtasks, hub: Hub) -> None:
    def refuse(**_options: Any) -> int:
        raise koji.GenericError("Parent task (id 5) is not open")

    with pytest.raises(koji.GenericError, match="not open"):
        own.make(refuse, "x86_64", **given())
    own.listen({PARENT})
    assert own.made == set()
    assert own.belongs_elsewhere(hub, {"id": 99, "channel_id": 4}) is False
    assert hub.calls == []


def test_the_hubs_own_assignments_are_not_looked_at(own: OwnSubtasks, hub: Hub) -> None:
    assert own.belongs_elsewhere(hub, {"id": SUBTASK, "channel_id": 4}) is False
    assert hub.calls == []


def test_a_task_that_is_seen_while_one_is_being_made_may_be_that_one(own: OwnSubtasks, hub: Hub) -> None:
    hub.answers["listChannels"] = [{"id": CHANNEL, "name": "default"}]
    seen: list[bool] = []

    def look(**_options: Any) -> int:
        own.listen({PARENT})
        seen.extend(own.belongs_elsewhere(hub, {"id": SUBTASK, "channel_id": channel}) for channel in (3, 4))
        own.listen({})
        seen.append(own.belongs_elsewhere(hub, {"id": SUBTASK, "channel_id": 4}))
        return SUBTASK

    own.make(look, "x86_64", **given())
    assert seen == [False, True, False]  # the last: its parent is gone, so it is not being made any more


def test_every_subtask_of_a_handler_of_ours_is_made_so() -> None:
    """One that calls host.subtask past this waits for the hub."""
    made = {
        "buildArch",
        "buildSRPMFromSCM",
        "rebuildSRPM",
        "createrepo",
        "createdistrepo",
        "tagBuild",
        "waitrepo",
    }
    assert METHODS["own"] == made
    sources = [Path(source.__file__ or "").read_text() for source in _modules_of_handlers()]
    assert not any("host.subtask(" in source for source in sources)


def _modules_of_handlers() -> set[Any]:
    return {sys.modules[handler.__module__] for handler in HANDLERS if issubclass(handler, CoordinatingTask)}


class Parent(CoordinatingTask):
    """A task that makes a subtask."""

    Methods = ("test",)

    def __init__(self, hub: Hub, options: KojidOptions) -> None:
        super().__init__(PARENT, "test", [], hub, options)

    def run(self) -> None:
        self.subtask(**given())


@pytest.fixture
def parent(worker: Worker, hub: Hub, tmp_path: Path) -> Worker:
    """A worker with a task that has made a subtask, and waits for it."""
    worker.options.adjutant.state_dir.mkdir()
    worker.options.minspace = 1
    worker.hostdata = {"arches": "x86_64"}
    asked = tmp_path / "asked"
    hub.answers |= {
        "host.subtask": lambda **options: (asked.write_text(str(options["assign"])), SUBTASK)[1],
        "host.getHost": {"enabled": True, "capacity": 2.0, "arches": "x86_64"},
        "host.getTasks": [row()],
        "host.getHostTasks": [{"id": PARENT, "waiting": True, "weight": 0.2}],
        "getTaskInfo": row(),
        "listChannels": [{"id": CHANNEL, "name": "default"}],
        "listHosts": [{"id": HOST, "arches": "x86_64"}, {"id": 2, "arches": "x86_64"}],
        "getTaskChildren": [],
    }
    pid, _ = worker.forkTask(Parent(hub, worker.options))
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert asked.read_text() == str(HOST)
    worker.tasks = {PARENT: {"id": PARENT, "waiting": True, "weight": 0.2}}
    return worker


def row(**differing: Any) -> dict[str, Any]:
    return {
        "id": SUBTASK,
        "method": "tagBuild",
        "request": [],
        "state": ASSIGNED,
        "host_id": HOST,
        "channel_id": CHANNEL,
        "arch": "noarch",
        **differing,
    }


def freed(hub: Hub) -> list[int]:
    """What is given back; a hub frees only what the host has opened."""
    found = [task for (tasks,) in hub.arguments_of("host.freeTasks") for task in tasks]
    assert set(found) <= set(opened(hub))
    return found


def opened(hub: Hub) -> list[Any]:
    return [task for (task,) in hub.arguments_of("host.openTask")]


def takes(worker: Worker, hub: Hub) -> bool:
    """Look for a task, without the task's process; return whether one was taken."""
    worker.handlers["tagBuild"] = lambda *_: Parent(hub, worker.options)

    def fork(handler: Any) -> tuple[int, int]:
        return 0, 99

    worker.forkTask = fork  # type: ignore[method-assign]
    hub.answers["host.openTask"] = lambda task: row(id=task)
    taken = worker.getNextTask()
    worker.pids.pop(SUBTASK, None)
    worker.subsessions.pop(SUBTASK, None)
    return taken


def test_it_is_taken(parent: Worker, hub: Hub) -> None:
    assert takes(parent, hub)
    assert (opened(hub), freed(hub)) == ([SUBTASK], [])


@pytest.mark.parametrize(
    "host", [{"enabled": False}, {"capacity": -1.0}], ids=["disabled", "no capacity left"]
)
def test_a_host_that_takes_nothing_gives_it_to_the_hub(
    parent: Worker, hub: Hub, host: dict[str, Any]
) -> None:
    hub.answers["host.getHost"] |= host
    assert parent.getNextTask() is False
    assert (parent.pids.keys(), freed(hub)) == ({PARENT}, [SUBTASK])
    parent.getNextTask()
    assert freed(hub) == [SUBTASK]


def test_one_in_a_channel_of_other_hosts_is_given_to_the_hub(parent: Worker, hub: Hub) -> None:
    hub.answers["host.getTasks"] = [row(channel_id=4)]
    assert parent.getNextTask() is False
    assert (parent.pids.keys(), freed(hub)) == ({PARENT}, [SUBTASK])


@pytest.mark.parametrize("state", [{"state": FREE, "host_id": None}, {"state": CLOSED}, {"host_id": 2}])
def test_what_is_not_assigned_to_this_host_any_more_is_left_alone(
    parent: Worker, hub: Hub, state: dict[str, Any]
) -> None:
    """Canceled, refused, or an earlier try's subtask of the same label, which the hub gives out again."""
    hub.answers |= {"host.getTasks": [], "getTaskInfo": row(**state)}
    assert parent.getNextTask() is False
    assert freed(hub) == []


def test_those_that_wait_for_it_do_not_keep_it_out(parent: Worker, hub: Hub) -> None:
    """Two builds fill the queue of a host with maxjobs = 2, and each needs a subtask done."""
    parent.options.maxjobs = 1
    hub.answers["host.getTasks"] = [row(id=8), row()]
    assert takes(parent, hub)
    assert opened(hub) == [SUBTASK]
    assert set(parent.tasks) == {PARENT, SUBTASK}
    assert parent.waits_for_subtasks is True


def test_a_full_queue_is_full_for_all_else(parent: Worker, hub: Hub) -> None:
    parent.options.maxjobs = 1
    parent.own_subtasks.listen(parent.pids)
    parent.own_subtasks.hand_back(hub, [SUBTASK])
    assert parent.getNextTask() is False
    assert parent.status == "Full queue"


def test_a_worker_that_waits_for_its_restart_takes_none(parent: Worker, hub: Hub) -> None:
    parent.restart_pending = True
    assert parent.getNextTask() is False
    assert (parent.pids.keys(), freed(hub)) == ({PARENT}, [SUBTASK])


def test_what_nobody_else_could_take_waits_for_room(parent: Worker, hub: Hub) -> None:
    hub.answers["host.getHost"] |= {"capacity": -1.0}
    hub.answers["listHosts"] = [{"id": HOST, "arches": "x86_64"}, {"id": 2, "arches": "aarch64"}]
    hub.answers["getTaskInfo"] = row(arch="x86_64")
    assert parent.getNextTask() is False
    assert freed(hub) == []
    hub.answers["listHosts"] = [{"id": HOST, "arches": "x86_64"}, {"id": 2, "arches": "x86_64"}]
    assert parent.getNextTask() is False
    assert freed(hub) == [SUBTASK]


def test_what_could_not_be_given_back_is_tried_again(parent: Worker, hub: Hub) -> None:
    hub.answers["host.getHost"] |= {"enabled": False}
    hub.answers["getTaskInfo"] = koji.GenericError("the database is away")
    with pytest.raises(koji.GenericError):
        parent.getNextTask()
    hub.answers["getTaskInfo"] = row()
    parent.getNextTask()
    assert freed(hub) == [SUBTASK]


def test_a_worker_that_stops_gives_it_to_the_hub_before_its_parent(parent: Worker, hub: Hub) -> None:
    parent.shutdown()
    given = [tasks for (tasks,) in hub.arguments_of("host.freeTasks")]
    assert given == [[SUBTASK], [PARENT]]
    assert hub.calls[-1] == ("host.updateHost", (), {"task_load": 0.0, "ready": False})


def test_a_parent_that_waits_for_nothing_yet_does_not_keep_it_out(parent: Worker, hub: Hub) -> None:
    """It is making the next one."""
    parent.options.maxjobs = 1
    parent.tasks = {PARENT: {"id": PARENT, "waiting": None, "weight": 0.2}}
    assert takes(parent, hub)


def test_the_option_decides(worker: Worker, hub: Hub, options: KojidOptions) -> None:
    options.adjutant = dataclasses.replace(options.adjutant, assign_subtasks="none")
    worker = Worker(options, hub, worker.wakeup)
    assert assigned_to(worker.own_subtasks, **given()) is None
    worker.own_subtasks.close()
