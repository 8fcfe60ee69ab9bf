"""What is no fault of the package's gives a task back to the hub, so often, and says so."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import koji
import pytest
import requests
from koji.tasks import RefuseTask, ServerRestart

from koji_adjutant.builds.failure import kojid_message_on_failure
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import (
    BuildFailed,
    BuildPrevented,
    BuildrootError,
    ConfigError,
    DiskLimitExceeded,
    DiskNearlyFull,
    EngineError,
    ImageError,
    InstallError,
    RepoContentError,
    TaskStep,
    at_step,
)
from koji_adjutant.task_adapters.buildarch import BuildArchTask
from koji_adjutant.task_adapters.giving_back import TRIES, may_pass
from koji_adjutant.task_adapters.runroot import RunRootTask
from tests.support.recipes import Recipes
from tests.support.rpm_headers import write_srpm
from tests.support.scripted_hub import ScriptedHub

SRPM = "cli-build/1/hello-1.0-1.src.rpm"
OURS = {"id": 1, "arches": "x86_64 noarch"}
OTHER = {"id": 2, "arches": "i686 x86_64 noarch"}
FOREIGN = {"id": 3, "arches": "ppc64le"}
SENTENCE = "podman's service ended while a command ran, and took its output with it"


def prevented(cause: Exception) -> BuildPrevented:
    with (
        pytest.raises(BuildPrevented) as failure,
        kojid_message_on_failure("error building package (arch x86_64)"),
        at_step(TaskStep.BUILD),
    ):
        raise cause
    return failure.value


def run(hub: ScriptedHub, options: KojidOptions, topdir: Path, recipes: Recipes, error: Exception) -> None:
    write_srpm(topdir / "work" / SRPM)
    recipes.failures["build_rpms"] = error
    BuildArchTask(1, "buildArch", [SRPM, 2, "x86_64", True, {"repo_id": 7}], hub, options).run()


def failure_json(hub: ScriptedHub, options: KojidOptions) -> Mapping[str, Any]:
    """Return what was uploaded, which is kept on this machine as well."""
    assert "failure.json" in hub.uploads
    kept = options.adjutant.log_dir / "1" / "failure.json"
    document: Mapping[str, Any] = json.loads(kept.read_text())
    return document


def tried(number: int) -> Mapping[str, Any]:
    """What a hub answers that has the failure of an earlier try."""
    return {
        "listTaskOutput": ["build.log", "failure.json"],
        "downloadTaskOutput": json.dumps({"try": number}).encode(),
    }


@pytest.mark.parametrize(
    ("hosts", "end"),
    [
        ([OURS, OTHER], RefuseTask),
        ([OURS, FOREIGN], ServerRestart),
        ([OURS], ServerRestart),
    ],
)
def test_the_first_try(
    hosts: Sequence[Mapping[str, Any]],
    end: type[Exception],
    options: KojidOptions,
    topdir: Path,
    recipes: Recipes,
) -> None:
    hub = ScriptedHub(listHosts=hosts, listTaskOutput=["build.log"])
    hub.answers["getTaskInfo"] |= {"arch": "x86_64"}
    with pytest.raises(end) as back:
        run(hub, options, topdir, recipes, prevented(EngineError(SENTENCE)))
    if end is RefuseTask:
        assert str(back.value) == f"infrastructure: {SENTENCE}"
    assert failure_json(hub, options) == {
        "schema": 1,
        "class": "infrastructure",
        "sentence": SENTENCE,
        "step": "build",
        "log": None,
        "offset": None,
        "retryable": True,
        "try": 1,
        "given_back": True,
    }
    # nothing of this try is left on the hub
    assert hub.arguments_of("host.setBuildRootState")[-1] == (11, "EXPIRED")
    assert not Path(options.workdir, "tasks/1/1").exists()


def test_the_last_try_fails(options: KojidOptions, topdir: Path, recipes: Recipes) -> None:
    for number in range(1, TRIES):
        hub = ScriptedHub(listHosts=[OURS], **tried(number))
        with pytest.raises(BuildPrevented if number == TRIES - 1 else ServerRestart):
            run(hub, options, topdir, recipes, prevented(EngineError(SENTENCE)))
        given_back = number < TRIES - 1
        assert (failure_json(hub, options)["try"], failure_json(hub, options)["given_back"]) == (
            number + 1,
            given_back,
        )


@pytest.mark.parametrize("written", [b"", b"[]", b'{"try": null}', b"no json"])
def test_tries_that_nobody_can_count(
    written: bytes, options: KojidOptions, topdir: Path, recipes: Recipes
) -> None:
    hub = ScriptedHub(listHosts=[OURS], **{**tried(1), "downloadTaskOutput": written})
    with pytest.raises(BuildPrevented):
        run(hub, options, topdir, recipes, prevented(EngineError(SENTENCE)))


def test_what_the_package_did_is_not_tried_again(
    options: KojidOptions, topdir: Path, recipes: Recipes
) -> None:
    hub = ScriptedHub()
    with pytest.raises(BuildFailed):
        run(hub, options, topdir, recipes, BuildFailed("error building package (arch x86_64)"))
    assert (failure_json(hub, options)["class"], failure_json(hub, options)["retryable"]) == ("build", False)
    assert hub.methods("listHosts") + hub.methods("listTaskOutput") == []


def test_a_hub_that_says_nothing_of_its_builders(
    options: KojidOptions, topdir: Path, recipes: Recipes
) -> None:
    hub = ScriptedHub(listHosts=koji.GenericError("not now"), listTaskOutput=[])
    with pytest.raises(BuildPrevented):
        run(hub, options, topdir, recipes, prevented(EngineError(SENTENCE)))
    assert failure_json(hub, options)["given_back"] is False


def test_a_runroot_task_cannot_say_how_often_it_was_tried(options: KojidOptions, tmp_path: Path) -> None:
    class Running:
        class workspace:  # noqa: N801
            workdir = tmp_path

    hub = ScriptedHub()
    task = RunRootTask(1, "runroot", ["f39", "x86_64", "true"], hub, options)
    assert task._upload(Running, ["/tmp/failure.json"]) == ["/tmp/failure.json"]  # type: ignore[arg-type]
    assert hub.calls == []


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (EngineError("podman is gone"), True),
        (ImageError("no such image"), True),
        (BuildrootError("http://x/ cannot be reached"), True),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (requests.ConnectionError("refused"), True),
        (koji.ServerOffline("database outage"), True),
        (koji.ActionNotAllowed("policy violation"), False),
        (InstallError("packages could not be installed: file conflicts"), False),
        (RepoContentError("Unsigned packages found."), False),
        (ConfigError("bad config"), False),
        (KeyError("a bug of ours"), False),
        (MemoryError(), False),
        (DiskLimitExceeded("error building package\nmore than disk_limit allows"), False),
        (DiskNearlyFull("error building package\nthe disk is nearly full"), True),
    ],
)
def test_what_may_pass(error: Exception, passes: bool) -> None:
    assert may_pass(error) is passes
