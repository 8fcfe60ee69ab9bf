"""What ``koji build`` may ask for beyond the plain build that the replay shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.task_handlers.build import BuildTask
from tests.support.rpm_headers import write_srpm
from tests.support.scripted_hub import REPO, TAG, ScriptedHub

SRPM = "tasks/5/5/hello-1.0-1.src.rpm"


class Hub(ScriptedHub):
    """One whose subtasks succeed, each with a result of its own."""

    def __init__(self, **answers: Any) -> None:
        self.subtasks: list[dict[str, Any]] = []
        self.results: dict[str, Any] = {
            "rebuildSRPM": {"srpm": SRPM, "source": {"source": "s", "url": "u"}},
            "buildSRPMFromSCM": {"srpm": SRPM, "source": {"source": "s", "url": "u"}},
            "tagBuild": None,
            "buildArch": lambda arch, keep: {
                "rpms": [f"{arch}.rpm"],
                "srpms": ["kept.src.rpm"] if keep else [],
                "logs": [f"{arch}/build.log"],
                "brootid": 40,
            },
        }
        super().__init__(
            host__subtask=self._subtask,
            host__taskWait=lambda _: [[], []],
            host__taskWaitResults=lambda _, ids, **__: [[id_, self._result(id_)] for id_ in ids or [1]],
            **answers,
        )

    def _subtask(self, **arguments: Any) -> int:
        self.subtasks.append(arguments)
        return len(self.subtasks)

    def _result(self, subtask: int) -> Any:
        asked = self.subtasks[subtask - 1]
        result = self.results[asked["method"]]
        return result(asked["arglist"][2], asked["arglist"][3]) if callable(result) else result

    def subtask(self, method: str) -> dict[str, Any]:
        (found,) = [one for one in self.subtasks if one["method"] == method]
        return found


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture(autouse=True)
def srpm(topdir: Path) -> Path:
    return write_srpm(topdir / "work" / SRPM)


def build(hub: Hub, options: KojidOptions, opts: dict[str, Any] | None = None, **more: Any) -> None:
    source, target = more.get("source", "git://git.example.org/hello#abc"), more.get("target", "f39")
    BuildTask(1, "build", [source, target, opts or {}], hub, options).run()


def test_several_arches(options: KojidOptions, srpm: Path) -> None:
    hub = Hub(getBuildConfig=TAG | {"arches": "x86_64 aarch64"})
    build(hub, options)
    arches = [one for one in hub.subtasks if one["method"] == "buildArch"]
    assert [(one["label"], one["arch"], one["arglist"][3]) for one in arches] == [
        ("x86_64", "x86_64", True),
        ("aarch64", "aarch64", False),
    ]
    ((task_id, build_id, kept, rpms, buildroots),) = hub.arguments_of("host.completeBuild")
    assert (task_id, build_id, kept) == (1, 33, "kept.src.rpm")
    assert rpms == ["x86_64.rpm", "aarch64.rpm"]
    assert buildroots == {"x86_64.rpm": 40, "kept.src.rpm": 40, "aarch64.rpm": 40}


def test_scratch_is_neither_imported_nor_tagged(hub: Hub, options: KojidOptions) -> None:
    hub.answers["getPackageConfig"] = None
    build(hub, options, {"scratch": True, "arch_override": "x86_64"})
    assert hub.methods("host.moveBuildToScratch") == ["host.moveBuildToScratch"]
    assert hub.methods("host.initBuild") == []
    assert {one["method"] for one in hub.subtasks} == {"buildSRPMFromSCM", "buildArch"}
    assert hub.subtask("buildSRPMFromSCM")["arglist"][2] == {"repo_id": 7, "scratch": True}


def test_skip_tag(hub: Hub, options: KojidOptions) -> None:
    hub.answers["getPackageConfig"] = None
    build(hub, options, {"skip_tag": True})
    assert "tagBuild" not in [one["method"] for one in hub.subtasks]
    assert hub.methods("host.completeBuild") == ["host.completeBuild"]


def test_repo_id_needs_no_waiting_and_its_own_policy(hub: Hub, options: KojidOptions) -> None:
    build(hub, options, {"repo_id": 7})
    assert [policy for policy, _ in hub.arguments_of("host.assertPolicy")] == [
        "build_from_repo_id",
        "build_rpm",
    ]
    assert hub.methods("repo.request") == []


def test_repo_id_with_a_tag_for_a_target(hub: Hub, options: KojidOptions) -> None:
    hub.answers |= {"getBuildTarget": None, "getTag": TAG | {"id": 5, "name": "elsewhere"}}
    build(hub, options, {"repo_id": 7}, target="elsewhere")
    assert hub.subtask("tagBuild")["arglist"][0] == 5


def test_repo_id_without_target_is_not_tagged(hub: Hub, options: KojidOptions) -> None:
    build(hub, options, {"repo_id": 7}, target=None)
    assert "tagBuild" not in [one["method"] for one in hub.subtasks]


def test_wait_repo_asks_for_one_from_now(hub: Hub, options: KojidOptions) -> None:
    hub.answers["tagLastChangeEvent"] = 45
    build(hub, options, {"wait_repo": True})
    assert [kwargs["min_event"] for method, _, kwargs in hub.calls if method == "repo.request"] == [45]


def test_metadata_and_draft_reach_the_build(hub: Hub, options: KojidOptions) -> None:
    build(hub, options, {"custom_user_metadata": {"ticket": 5}, "draft": True})
    ((data,),) = hub.arguments_of("host.initBuild")
    assert data == {
        "name": "hello",
        "version": "1.0",
        "release": "1",
        "epoch": None,
        "task_id": 1,
        "source": "s",
        "extra": {"source": {"original_url": "u"}, "custom_user_metadata": {"ticket": 5}},
        "draft": True,
    }


@pytest.mark.parametrize(
    ("tag_says", "user_says", "scratch", "rebuilt"),
    [
        (True, None, False, True),
        (False, None, False, False),
        (False, True, False, False),
        (False, True, True, True),
        (True, False, True, False),
    ],
)
def test_an_srpm_is_rebuilt_unless_the_tag_or_a_scratch_build_says_no(
    tag_says: bool, user_says: bool | None, scratch: bool, rebuilt: bool, options: KojidOptions
) -> None:
    hub = Hub(getBuildConfig=TAG | {"extra": {"rebuild_srpm": tag_says}})
    build(hub, options, {"scratch": scratch, "rebuild_srpm": user_says}, source=SRPM)
    assert ("rebuildSRPM" in [one["method"] for one in hub.subtasks]) is rebuilt


def test_failany_is_what_the_user_or_the_builder_wants(
    hub: Hub, options: KojidOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = []
    wait = BuildTask.wait

    def note(task: BuildTask, *arguments: Any, **options: Any) -> dict[int, Any]:
        wanted.extend([options["failany"]] if "failany" in options else [])
        return wait(task, *arguments, **options)

    monkeypatch.setattr(BuildTask, "wait", note)
    build(hub, options)
    options.build_arch_can_fail = True
    build(Hub(), options)
    build(Hub(), options, {"fail_fast": True})
    assert wanted == [True, False, True]


def test_literal_task_arches(options: KojidOptions) -> None:
    options.literal_task_arches = "i586"
    hub = Hub(getBuildConfig=TAG | {"arches": "i586 i686"})
    build(hub, options)
    arches = [one for one in hub.subtasks if one["method"] == "buildArch"]
    assert [(one["label"], one["arch"]) for one in arches] == [("i586", "i586"), ("i686", "i386")]


def test_a_failed_subtask_fails_the_build(hub: Hub, options: KojidOptions) -> None:
    hub.results["buildArch"] = lambda *_: _fail(koji.BuildError("error building package"))
    with pytest.raises(koji.BuildError, match=r"^error building package$"):
        build(hub, options)
    assert hub.arguments_of("host.failBuild") == [(1, 33)]


def _fail(error: Exception) -> None:
    raise error


MISTAKES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"arch_override": "x86_64"}, {}, "arch_override is only allowed for scratch builds"),
    ({"repo_id": 7}, {"repoInfo": None}, "No such repo: 7"),
    ({"repo_id": 7}, {"repoInfo": REPO | {"state": koji.REPO_INIT}}, "Bad repo: 7 (INIT)"),
    (
        {"repo_id": 7},
        {"repoInfo": REPO | {"tag_id": 9, "tag_name": "x"}},
        "Repo/Target mismatch: x/f39-build",
    ),
    ({}, {"getBuildTarget": None}, "unknown build target: f39"),
    ({"repo_id": 7}, {"getBuildTarget": None, "getTag": None}, "neither tag nor target: f39"),
    ({}, {"getPackageConfig": None}, "package hello not in list for tag f39"),
    ({}, {"getPackageConfig": {"blocked": True}}, "package hello is blocked for tag f39"),
    ({"custom_user_metadata": "x"}, {}, "custom_user_metadata must be serializable to a JSON object"),
]


@pytest.mark.parametrize(("opts", "answers", "sentence"), MISTAKES)
def test_mistakes(
    opts: dict[str, Any], answers: dict[str, Any], sentence: str, options: KojidOptions
) -> None:
    hub = Hub(**answers)
    with pytest.raises(koji.GenericError) as failure:
        build(hub, options, opts)
    assert str(failure.value) == sentence
    assert hub.methods("host.initBuild") == []


def test_the_worker_learns_of_new_subtasks(hub: Hub, options: KojidOptions) -> None:
    reported: list[int] = []
    task = BuildTask(1, "build", ["git://git.example.org/hello#abc", "f39"], hub, options)
    task.subtasks_made = lambda: reported.append(len(hub.subtasks))
    task.run()
    assert reported == [1, 2, 3]
