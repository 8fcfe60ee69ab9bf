"""Chain builds: which subtasks, in which order, with which arguments."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.task_handlers.chainbuild import ChainBuildTask
from tests.support.scripted_hub import ScriptedHub

A, B, C = (f"git://git.example.org/{name}#abc" for name in "abc")


class Hub(ScriptedHub):
    """Builds get the N-V-R ``build-<task>-1``; the tasks named make none."""

    def __init__(self, without_build: tuple[int, ...] = (), **answers: Any) -> None:
        self.subtasks: list[tuple[str, str, list[Any]]] = []
        self.without_build = without_build
        super().__init__(
            host__subtask=self._subtask,
            host__taskWait=lambda _: [[], []],
            host__taskWaitResults=lambda _, ids, **__: [[one, None] for one in ids],
            listBuilds=lambda taskID: [] if taskID in without_build else [{"nvr": f"build-{taskID}-1"}],  # noqa: N803
            **answers,
        )

    def _subtask(self, method: str, arglist: list[Any], label: str, parent: int) -> int:
        assert parent == 1
        self.subtasks.append((method, label, arglist))
        return len(self.subtasks)


def chain(hub: Hub, options: KojidOptions, srcs: list[list[str]], opts: dict[str, Any] | None) -> None:
    ChainBuildTask(1, "chainbuild", [srcs, "f39", opts], hub, options).run()


def test_each_group_waits_for_the_one_before(options: KojidOptions) -> None:
    hub, opts = Hub(), {"skip_tag": True}
    chain(hub, options, [[A, "old-1-1", B], [C]], opts)
    assert hub.subtasks == [
        ("build", "build 0,0", [A, "f39", opts]),
        ("build", "build 0,2", [B, "f39", opts]),
        ("waitrepo", "wait 1", ["f39-build", None, ["old-1-1", "build-1-1", "build-2-1"]]),
        ("build", "build 1,0", [C, "f39", opts]),
    ]


def test_a_group_of_builds_that_exist(options: KojidOptions) -> None:
    hub = Hub()
    chain(hub, options, [["old-1-1"], [A]], None)
    assert [label for _, label, _ in hub.subtasks] == ["wait 1", "build 1,0"]


def test_a_build_without_a_record_is_not_waited_for(options: KojidOptions) -> None:
    hub = Hub(without_build=(1,))
    chain(hub, options, [[A], [B]], {})
    assert [label for _, label, _ in hub.subtasks] == ["build 0,0", "build 1,0"]


@pytest.mark.parametrize(
    ("opts", "answers", "sentence"),
    [
        ({"scratch": True}, {}, "--scratch is not allowed with chain-builds"),
        ({}, {"getBuildTarget": None}, "unknown build target: f39"),
    ],
)
def test_mistakes(
    opts: dict[str, Any], answers: dict[str, Any], sentence: str, options: KojidOptions
) -> None:
    hub = Hub(**answers)
    with pytest.raises(koji.GenericError) as failure:
        chain(hub, options, [[A]], opts)
    assert (str(failure.value), hub.subtasks) == (sentence, [])
