"""A request that is in order for each task method that the worker serves, and what runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import koji.tasks
from koji.tasks import BaseTaskHandler

from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon.library_tasks import check_library_arguments
from koji_adjutant.task_adapters import ADAPTERS, PLUGINS
from koji_adjutant.task_handlers import HANDLERS
from tests.support.scripted_hub import TARGET, ScriptedHub

URL = "git://git.example.org/hello#abc"
SRPM = "cli-build/1/hello-1.0-1.src.rpm"
BUILD = {
    "id": 33,
    "name": "hello",
    "version": "1.0",
    "release": "1",
    "epoch": None,
    "nvr": "hello-1.0-1",
    "package_name": "hello",
    "owner_name": "kojiadmin",
    "state": koji.BUILD_STATES["COMPLETE"],
    "task_id": 5,
    "creation_ts": 1_700_000_000.0,
    "completion_ts": 1_700_000_600.0,
}
TASK = {"id": 5, "method": "maven", "state": 1, "arch": "noarch", "label": None}
DIST_REPO = {
    "allow_missing_signatures": False,
    "arch": ["x86_64"],
    "event": 60,
    "inherit": True,
    "latest": True,
    "multilib": None,
    "skip_missing_signatures": False,
    "delta": [],
    "zck": False,
}

REQUESTS: Mapping[str, list[Any]] = {
    "build": [SRPM, "f39", {"scratch": True, "arch_override": "x86_64", "wait_builds": ["a-1-1"]}],
    "buildArch": [SRPM, 2, "x86_64", True, {"repo_id": 7}],
    "buildNotification": [["a@example.org"], BUILD, TARGET, "http://hub/koji"],
    "buildSRPMFromSCM": [URL, 2, {"repo_id": 7, "scratch": None}],
    "chainbuild": [[[URL, "other-1-1"], [URL]], "f39", {"skip_tag": False}],
    "createdistrepo": ["f39", 7, "x86_64", ["aaaa"], DIST_REPO],
    "createrepo": [7, "x86_64", {"id": 6}],
    "distRepo": ["f39", 7, ["aaaa"], DIST_REPO],
    "newRepo": [{"id": 2, "name": "f39-build"}, {"__starstar": True, "event": 50, "opts": {"src": True}}],
    "rebuildSRPM": [SRPM, 2, {"repo_id": 7, "scratch": True}],
    "runroot": ["f39-build", "x86_64", ["ls", "/"], {"__starstar": True, "repo_id": 7, "weight": 1.5}],
    "saveFailedTree": [11, True],
    "tagBuild": [1, 33, False, None, True],
    "tagNotification": [["a@example.org"], True, 1, None, 33, 3, False, "no"],
    "waitrepo": ["f39-build", None, ["hello-1.0-1"], "last"],
    "wrapperRPM": [URL, TARGET, BUILD, TASK, {"repo_id": 7, "create_build": True}],
    # what the library brings for trying a farm, and for the farm's operators
    "default": ["anything"],
    "dependantTask": [[], [["sleep", [0], {"label": "after"}]]],
    "fork": [0, 0],
    "restart": [{"id": 1}],
    "restartHosts": [{"channel": "default", "timeout": 5}],
    "restartVerify": [5, {"id": 1}],
    "shutdown": [],
    "sleep": [0],
    "someMethod": ["anything"],
    "subtask": [1],
    "waittest": [1, 1],
}


def served() -> Mapping[str, type[BaseTaskHandler]]:
    """The handlers by method, as the worker and its plugins register them."""
    library: list[Any] = [one for one in vars(koji.tasks).values() if isinstance(one, type)]
    handlers = [one for one in library if issubclass(one, BaseTaskHandler)]
    handlers += [*HANDLERS, *ADAPTERS, *PLUGINS.values()]
    return {method: handler for handler in handlers for method in handler.Methods}


def task_of(
    method: str, request: list[Any], hub: ScriptedHub, options: KojidOptions, number: int = 1
) -> BaseTaskHandler:
    return served()[method](number, method, request, hub, options)


def run_task(task: BaseTaskHandler) -> Any:
    """Do what the worker does with a task that it has taken, but for what it tells the hub."""
    check_library_arguments(task)
    return task.run()
