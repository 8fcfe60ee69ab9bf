"""Every container task gets the image that the hub's policy says, and writes down which, and why."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.tasks import RefuseTask

from koji_adjutant import __version__
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import BuildFailed, ImageError
from koji_adjutant.images import proofs
from koji_adjutant.images.proof import Proof
from koji_adjutant.task_adapters import ADAPTERS
from tests.support.recipes import FakeEngine, Recipes
from tests.support.rpm_headers import write_srpm
from tests.support.scripted_hub import REPO, TAG, ScriptedHub

KEY = "adjutant_image_policy"
SRPM = "cli-build/1/hello-1.0-1.src.rpm"
REQUESTS: dict[str, list[Any]] = {
    "buildArch": [SRPM, 2, "x86_64", True, {"repo_id": 7}],
    "rebuildSRPM": [SRPM, 2, {"repo_id": 7}],
    "buildSRPMFromSCM": ["git://git.example.org/hello#abc", 2, {"repo_id": 7}],
    "createrepo": [7, "x86_64", None],
}
DEFAULT = "localhost/koji-adjutant-tools:latest"


def config(value: object, *, parent: str | None = None) -> dict[str, Any]:
    """getBuildConfig's answer for a tag with this policy, its own or its parent's."""
    origin = {KEY: {"id": 1, "name": parent}} if parent else {}
    return TAG | {"extra": {KEY: value}, "config_inheritance": {"extra": origin, "arches": None}}


def policy(*rules: dict[str, str]) -> str:
    return json.dumps({"version": "1.0", "rules": list(rules)})


@pytest.fixture(autouse=True)
def _inputs(topdir: Path) -> None:
    write_srpm(topdir / "work" / SRPM)
    directory = topdir / "repos" / "f39-build" / "7" / "x86_64"
    directory.mkdir(parents=True)
    (directory / "pkglist").write_text("")


def run(method: str, options: KojidOptions, recipes: Recipes, hub: ScriptedHub) -> dict[str, Any]:
    """What the task's buildroot.json says."""
    if method == "createrepo":
        hub.answers["repoInfo"] = REPO | {"state": koji.REPO_INIT}
    adapters = {name: adapter for adapter in ADAPTERS for name in adapter.Methods}
    adapters[method](1, method, REQUESTS[method], hub, options).run()
    assert "buildroot.json" in hub.uploads
    return buildroot_json(options)


def buildroot_json(options: KojidOptions) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((options.adjutant.log_dir / "1" / "buildroot.json").read_text())
    return document


def log(options: KojidOptions, name: str) -> str:
    return (options.adjutant.log_dir / "1" / name).read_text()


@pytest.mark.parametrize("method", REQUESTS)
def test_each_task_is_asked_about_by_its_method_tag_and_arch(
    method: str, options: KojidOptions, recipes: Recipes
) -> None:
    rules = [
        {"type": "tag_arch", "tag": "f39-build", "arch": "aarch64", "image": "not/this:1"},
        {"type": "task_type", "task_type": method, "image": f"registry.example.com/{method.lower()}:1"},
    ]
    image = rules[1]["image"]
    document = run(method, options, recipes, ScriptedHub(getBuildConfig=config(policy(*rules))))
    assert document["task"] == {"id": 1, "method": method}
    assert (document["tag"], document["arch"], document["repo_id"]) == ("f39-build", "x86_64", 7)
    assert document["image"] == {
        "reference": image,
        "digest": "sha256:0",
        "id": f"id-of-{image.replace('/', '-')}",
        "pinned": f"{image}@sha256:0",
        "architecture": "x86_64",
    }
    assert document["policy"]["source"] == "tag"
    assert document["policy"]["rule"] == {"position": 2, "type": "task_type", "task_type": method}
    main_log = "createrepo.log" if method == "createrepo" else "root.log"
    for name in ("container.log", main_log):
        assert f"Image {image}, chosen by rule 2 (task_type {method}) of the image" in log(options, name)
        assert f"Image {image} is {image}@sha256:0 (digest sha256:0, id " in log(options, name)


def test_the_task_runs_from_exactly_that_image(options: KojidOptions, recipes: Recipes) -> None:
    """By its id: the name may go to another image while the task runs."""
    run("rebuildSRPM", options, recipes, ScriptedHub())
    assert recipes.seen["workspace"].tool_image == "id-of-localhost-koji-adjutant-tools:latest"


def test_what_a_build_can_be_repeated_from(options: KojidOptions, recipes: Recipes) -> None:
    options.yum_proxy = "http://user:secret@proxy"
    tag = TAG | {"extra": {"rpm.macro.dist": ".f39", "mock.package_manager": "dnf"}}
    document = run("buildArch", options, recipes, ScriptedHub(getBuildConfig=tag))
    assert document["schema"] == 1
    assert set(document) == {"schema", *documented_keys()}
    assert document["worker"]["version"] == __version__
    assert document["worker"]["hub"] == "http://hub/kojihub"
    assert document["policy"]["source"] == "default"
    root = document["buildroot"]
    assert (root["id"], root["group"], root["arch"], root["network"]) == (11, "build", "x86_64", False)
    assert root["macros"]["%dist"] == ".f39"
    assert root["package_manager"]["package_manager"] == "dnf"
    assert root["repositories"][0]["urls"][0].endswith("/repos/f39-build/7/x86_64")
    assert document["packages"] == [{"nevra": "bash-5.2-1.x86_64", "payloadhash": "abc"}]
    assert "secret" not in json.dumps(document)


def documented_keys() -> list[str]:
    """The first column of the reference's table about buildroot.json."""
    reference = (Path(__file__).parents[3] / "docs" / "reference.md").read_text()
    section = reference.split("### buildroot.json\n", 1)[1].split("\n##")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return re.findall(r"`(\w+)`", " ".join(cells))


def test_a_failed_build_tells_as_much(options: KojidOptions, recipes: Recipes) -> None:
    recipes.failures["build_rpms"] = BuildFailed("error building package")
    hub = ScriptedHub()
    with pytest.raises(BuildFailed):
        run("buildArch", options, recipes, hub)
    assert "buildroot.json" in hub.uploads
    assert buildroot_json(options)["packages"]


def test_inherited(options: KojidOptions, recipes: Recipes) -> None:
    inherited = config(policy({"type": "default", "image": "localhost/other:1"}), parent="f39")
    document = run("rebuildSRPM", options, recipes, ScriptedHub(getBuildConfig=inherited))
    assert (document["policy"]["source"], document["policy"]["tag"]) == ("inherited", "f39")
    assert document["image"]["pinned"] == document["image"]["id"]


def _unless_at_an_event(error: Exception) -> Any:
    """The hub answers the buildroot's question, and fails at the policy's."""

    def answer(_tag: object, event: int | None = None) -> dict[str, Any]:
        if event is None:
            raise error
        return TAG

    return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (config("{"), "adjutant_image_policy of tag f39-build: it is not valid JSON, at line 1, column 2: "),
        (
            _unless_at_an_event(koji.TagError("no such tag")),
            "the hub did not give the image policy of tag f39-build: no such tag",
        ),
        (
            _unless_at_an_event(koji.xmlrpcplus.Fault(1, "database is on fire")),
            "the hub did not give the image policy of tag f39-build: <Fault 1: 'database is on fire'>",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_is_a_warning(
    answer: object,
    sentence: str,
    options: KojidOptions,
    recipes: Recipes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    document = run("rebuildSRPM", options, recipes, ScriptedHub(getBuildConfig=answer))
    assert document["image"]["reference"] == DEFAULT
    assert document["policy"]["source"] == "fallback"
    assert document["policy"]["warning"].startswith(sentence)
    assert f"warning: {sentence}" in log(options, "container.log")
    assert f"warning: {sentence}" in log(options, "root.log")
    assert [r.levelno for r in caplog.records if f"Task 1: {sentence}" in r.message] == [logging.WARNING]


def test_a_session_that_is_gone_ends_the_task(options: KojidOptions, recipes: Recipes) -> None:
    hub = ScriptedHub(getBuildConfig=_unless_at_an_event(koji.AuthExpired("session expired")))
    with pytest.raises(koji.AuthExpired):
        run("rebuildSRPM", options, recipes, hub)


def test_the_hub_is_asked_once_for_several_tasks(options: KojidOptions, recipes: Recipes) -> None:
    def questions(hub: ScriptedHub) -> int:
        run("createrepo", options, recipes, hub)
        return hub.methods().count("getBuildConfig")

    assert [questions(ScriptedHub()), questions(ScriptedHub())] == [1, 0]


def test_the_policy_can_be_switched_off(options: KojidOptions, recipes: Recipes) -> None:
    options.adjutant = replace(options.adjutant, policy_enabled=False)
    hub = ScriptedHub(getBuildConfig=config(policy({"type": "default", "image": "localhost/other:1"})))
    document = run("createrepo", options, recipes, hub)
    assert document["image"]["reference"] == DEFAULT
    assert document["policy"]["reason"] == "task_image_default: policy_enabled is false"
    assert hub.methods().count("getBuildConfig") == 0


def test_an_image_that_is_not_to_be_had(options: KojidOptions, recipes: Recipes) -> None:
    """No other image is as good; the sentence and the logs say who wanted it."""
    rule = {"type": "default", "image": FakeEngine.missing}
    hub = ScriptedHub(getBuildConfig=config(policy(rule)))
    with pytest.raises(ImageError) as failure:
        run("rebuildSRPM", options, recipes, hub)
    assert str(failure.value) == (
        "the image localhost/missing:1 is not in podman's storage: make it "
        "(it was chosen by rule 1 (default) of the image policy of tag f39-build)"
    )
    assert {"container.log", "root.log", "buildroot.json"} <= set(hub.uploads)
    assert hub.arguments_of("host.setBuildRootState")[-1] == (11, "EXPIRED")


@pytest.mark.parametrize("method", REQUESTS)
def test_an_image_that_lacks_something(method: str, options: KojidOptions, recipes: Recipes) -> None:
    """The task is not failed but given back, with one sentence for the hub."""
    hub = ScriptedHub(getBuildConfig=config(policy({"type": "default", "image": FakeEngine.poor})))
    with pytest.raises(RefuseTask) as refusal:
        run(method, options, recipes, hub)
    assert str(refusal.value) == (
        "the tool image localhost/poor:1 cannot be used: it cannot run git "
        "(it was chosen by rule 1 (default) of the image policy of tag f39-build)"
    )
    if method != "createrepo":
        assert hub.arguments_of("host.setBuildRootState")[-1] == (11, "EXPIRED")


def test_an_image_that_has_proved_itself_is_not_tried_again(
    options: KojidOptions, recipes: Recipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("rebuildSRPM", options, recipes, ScriptedHub())
    monkeypatch.setattr(proofs, "prove", lambda *_: Proof(["it should not have been asked"]))
    run("rebuildSRPM", options, recipes, ScriptedHub())
