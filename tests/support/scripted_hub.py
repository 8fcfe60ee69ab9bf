"""A hub that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import koji

from tests.support.recorded_hub import Replay

REPO = {"id": 7, "tag_id": 2, "tag_name": "f39-build", "state": koji.REPO_READY, "create_event": 50}
TAG = {"id": 2, "name": "f39-build", "arches": "x86_64", "extra": {}}
TARGET = {
    "id": 1,
    "name": "f39",
    "build_tag": 2,
    "build_tag_name": "f39-build",
    "dest_tag": 1,
    "dest_tag_name": "f39",
}

ANSWERS: Mapping[str, Any] = {
    "repoInfo": REPO,
    "getTag": TAG,
    "getBuildConfig": TAG,
    "getBuildTarget": TARGET,
    "getPackageConfig": {"blocked": False, "extra_arches": None},
    "host.getHost": {"id": 1, "name": "builder1", "arches": "x86_64 noarch"},
    "getAverageBuildDuration": None,
    "getExternalRepoList": [],
    "getLastEvent": {"id": 60},
    "getChannel": {"id": 1, "name": "default"},
    "host.newBuildRoot": 11,
    "host.initBuild": 33,
    "repo.request": {"repo": REPO},
}


class ScriptedHub(Replay):
    """``answers`` by method: a value, an exception to raise, a function of the arguments; otherwise None."""

    def __init__(self, task_id: int = 1, **answers: Any) -> None:
        info = {"id": task_id, "arch": "noarch", "owner": 3, "channel_id": 1, "host_id": 1}
        super().__init__(info, [], {})
        self.answers = {**ANSWERS, "getTaskInfo": info}
        self.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        self.calls.append((method, args, kwargs))
        answer = self.answers.get(method)
        if isinstance(answer, Exception):
            raise answer
        return answer(*args, **kwargs) if callable(answer) else answer

    def methods(self, prefix: str = "") -> list[str]:
        return [method for method, _, _ in self.calls if method.startswith(prefix)]

    def arguments_of(self, method: str) -> list[Sequence[Any]]:
        return [args for called, args, _ in self.calls if called == method]
