"""What a wrapperRPM task wraps, and what its template is given."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from koji_adjutant.task_adapters.wrapped_content import wrapped_content
from tests.support.scripted_hub import ScriptedHub

COMPLETE = koji.BUILD_STATES["COMPLETE"]
BUILD: Any = {
    "id": 5,
    "name": "org.example-hello",
    "version": "1.0",
    "release": "2",
    "epoch": None,
    "state": COMPLETE,
    "volume_name": "DEFAULT",
}
GAV = {"group_id": "org.example", "artifact_id": "hello", "version": "1.0"}
TASK: Any = {"id": 30004, "method": "buildMaven", "arch": "noarch"}
LISTED = {"hello-1.0.jar": ["DEFAULT"], "maven/hello-1.0.pom": ["DEFAULT", "big"], "build.log": ["DEFAULT"]}


def test_a_maven_build() -> None:
    archives = [GAV | {"filename": name} for name in ("hello-1.0.jar", "hello-1.0.pom", "odd.log")]
    hub = ScriptedHub(getMavenBuild=GAV, listArchives=archives)
    content = wrapped_content(hub, BUILD, None)
    directory = "packages/org.example-hello/1.0/2/maven/org/example/hello/1.0"
    assert content.paths == [f"{directory}/hello-1.0.jar", f"{directory}/hello-1.0.pom"]
    assert content.variables == {
        "artifacts": {".jar": ["hello-1.0.jar"], ".pom": ["hello-1.0.pom"], ".log": ["odd.log"]},
        "all_artifacts": ["hello-1.0.jar", "hello-1.0.pom", "odd.log"],
        "all_artifacts_with_path": [
            f"org/example/hello/1.0/{name}" for name in ("hello-1.0.jar", "hello-1.0.pom", "odd.log")
        ],
        "name": "org.example-hello",
        "version": "1.0",
        "release": "2",
        "epoch": None,
        "maven_info": GAV,
    }


def test_a_windows_build_on_another_volume() -> None:
    archive = {"filename": "setup.exe", "relpath": "installer", "platforms": "i386", "flags": None}
    hub = ScriptedHub(getWinBuild={"platform": "w7"}, listArchives=[archive])
    content = wrapped_content(hub, BUILD | {"volume_name": "big"}, None)
    assert content.paths == ["vol/big/packages/org.example-hello/1.0/2/win/installer/setup.exe"]
    assert content.variables["all_artifacts_with_path"] == ["installer/setup.exe"]
    assert content.variables["win_info"] == {"platform": "w7"}


def test_an_image_build() -> None:
    hub = ScriptedHub(getImageBuild={"build_id": 5}, listArchives=[{"filename": "disk.raw.xz", "arch": "x"}])
    content = wrapped_content(hub, BUILD, None)
    assert content.paths == ["packages/org.example-hello/1.0/2/images/disk.raw.xz"]
    assert content.variables["artifacts"] == {".xz": ["disk.raw.xz"]}
    assert content.variables["image_info"] == {"build_id": 5}


def test_the_output_of_a_task_of_the_same_build() -> None:
    """On every volume where it lies; logs are no content."""
    hub = ScriptedHub(getMavenBuild=GAV, listTaskOutput=LISTED)
    content = wrapped_content(hub, BUILD | {"state": koji.BUILD_STATES["BUILDING"]}, TASK)
    directory = "work/tasks/4/30004"
    assert content.paths == [
        f"{directory}/hello-1.0.jar",
        f"{directory}/maven/hello-1.0.pom",
        f"vol/big/{directory}/maven/hello-1.0.pom",
    ]
    assert content.variables["all_artifacts_with_path"] == content.paths
    assert content.variables["maven_info"] == GAV


@pytest.mark.parametrize(
    ("method", "result", "expected"),
    [
        (
            "buildMaven",
            {"maven_info": GAV},
            {"name": "org.example-hello", "version": "1.0", "release": "0.scratch", "maven_info": GAV},
        ),
        (
            "vmExec",
            {"name": "n", "version": "1", "release": "2", "epoch": 3, "platform": "w7"},
            {"name": "n", "version": "1", "release": "2", "epoch": 3, "win_info": {"platform": "w7"}},
        ),
        (
            "createImage",
            {"name": "n", "version": "1", "release": "2", "arch": "x86_64"},
            {"name": "n", "version": "1", "release": "2", "epoch": None},
        ),
    ],
)
def test_the_output_of_a_task_without_a_build(method: str, result: Any, expected: dict[str, Any]) -> None:
    hub = ScriptedHub(getTaskResult=result, listTaskOutput=LISTED)
    content = wrapped_content(hub, None, TASK | {"method": method})
    assert expected.items() <= content.variables.items()


@pytest.mark.parametrize(
    ("build", "task", "answers", "sentence"),
    [
        (
            BUILD | {"state": koji.BUILD_STATES["FAILED"]},
            None,
            {},
            "cannot call wrapperRPM on a build that did not complete successfully",
        ),
        (BUILD, None, {}, "unsupported build type"),
        (
            BUILD,
            None,
            {"getMavenBuild": GAV, "listArchives": []},
            "no output found for org.example-hello-1.0-2",
        ),
        (
            None,
            TASK,
            {"listTaskOutput": {"build.log": ["DEFAULT"]}},
            "no output found for buildMaven task 30004",
        ),
        (
            None,
            TASK | {"method": "buildArch"},
            {"listTaskOutput": LISTED, "getTaskResult": {}},
            "the output of a buildArch task cannot be wrapped",
        ),
    ],
)
def test_what_cannot_be_wrapped(build: Any, task: Any, answers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(koji.BuildError, match=sentence):
        wrapped_content(ScriptedHub(**answers), build, task)
