"""The distRepo task: which subtasks it makes, and when what they made is put in place."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.task_handlers.distrepo import DistRepoTask
from tests.support.scripted_hub import ScriptedHub

SUBTASKS = {"i386": 11, "x86_64": 12, "aarch64": 13, "src": 14}


def run(options: KojidOptions, monkeypatch: pytest.MonkeyPatch, **opts: Any) -> tuple[str, list[str]]:
    """The result, and the story: arches begun and moved, and waits."""
    story: list[str] = []

    def begin(*, label: str, **_: Any) -> int:
        story.append(f"begin {label}")
        return SUBTASKS[label]

    hub = ScriptedHub(
        host__subtask=begin,
        host__distRepoMove=lambda _repo, path, arch: story.append(f"move {arch} from {path}"),
        host__repoDone=lambda repo, data: story.append(f"done {repo} {data}"),
    )
    monkeypatch.setattr(
        DistRepoTask, "wait", lambda _self, tasks, **how: story.append(f"wait {sorted(tasks)} {sorted(how)}")
    )
    given = {"event": 60, "multilib": None, **opts}
    task = DistRepoTask(1, "distRepo", ["f39", 7, ["aaaa"], given], hub, options)
    return task.run(), story


def test_all_at_once(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    result, story = run(options, monkeypatch, arch=["i686", "x86_64", "i386", "src"])
    assert result == "Dist repository #7 successfully generated"
    assert story == [
        "begin i386",
        "begin src",
        "begin x86_64",
        "wait [11, 12, 14] ['all', 'failany']",
        "move i386 from tasks/11/11",
        "move src from tasks/14/14",
        "move x86_64 from tasks/12/12",
        "done 7 {}",
    ]


def test_multilib_arches_after_the_others(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    _result, story = run(
        options, monkeypatch, arch=["x86_64", "i686"], multilib="cli-dist-repo/x/multilib.conf"
    )
    assert story == [
        "begin i386",
        "wait [11] ['all', 'failany']",
        "move i386 from tasks/11/11",
        "begin x86_64",
        "wait [11, 12] ['all', 'failany']",
        "move x86_64 from tasks/12/12",
        "done 7 {}",
    ]


def test_the_tags_arches(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    _result, story = run(options, monkeypatch, arch=[])
    assert story[0] == "begin x86_64"


def test_no_arches(options: KojidOptions) -> None:
    hub = ScriptedHub(getTag={"id": 1, "name": "f39", "arches": None, "extra": {}})
    task = DistRepoTask(1, "distRepo", ["f39", 7, [], {"arch": [], "event": 60}], hub, options)
    with pytest.raises(koji.GenericError, match="No arches specified nor for the tag!"):
        task.run()
