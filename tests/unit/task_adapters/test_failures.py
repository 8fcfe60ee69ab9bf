"""Bad input: one sentence, the fault class of a stock builder, an expired buildroot, the logs uploaded."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.tasks import RefuseTask

from koji_adjutant.builds.explanation import explain
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import BuildFailed, BuildrootError, DependencyError, DiskFull, ImageError
from koji_adjutant.rpm.header import Tag
from koji_adjutant.task_adapters import ADAPTERS
from tests.support.http_server import serving_files
from tests.support.recipes import Recipes
from tests.support.rpm_headers import write_rpm, write_srpm
from tests.support.scripted_hub import REPO, TAG, ScriptedHub

BUILD_FAULT, BUILDROOT_FAULT, GENERIC_FAULT = 1005, 1012, 1000
SRPM = "cli-build/1/hello-1.0-1.src.rpm"
REQUESTS: dict[str, list[Any]] = {
    "buildArch": [SRPM, 2, "x86_64", True, {"repo_id": 7}],
    "rebuildSRPM": [SRPM, 2, {"repo_id": 7}],
    "buildSRPMFromSCM": ["git://git.example.org/hello#abc", 2, {"repo_id": 7}],
}


def run(method: str, options: KojidOptions, hub: ScriptedHub, request: list[Any] | None = None) -> Any:
    adapters = {name: adapter for adapter in ADAPTERS for name in adapter.Methods}
    return adapters[method](1, method, request or REQUESTS[method], hub, options).run()


@pytest.fixture
def srpm(topdir: Path) -> Path:
    return write_srpm(topdir / "work" / SRPM)


@pytest.mark.parametrize("method", REQUESTS)
def test_no_repo_id(method: str, options: KojidOptions, recipes: Recipes) -> None:
    with pytest.raises(koji.GenericError) as failure:
        run(method, options, ScriptedHub(), [*REQUESTS[method][:-1], {}])
    assert (str(failure.value), failure.value.faultCode) == ("A repo id must be provided", BUILD_FAULT)


@pytest.mark.parametrize("method", REQUESTS)
@pytest.mark.parametrize(
    ("repo", "sentence"),
    [
        (REPO | {"tag_id": 9, "tag_name": "f40-build"}, "tag/repo mismatch: f39-build vs f40-build"),
        (REPO | {"state": koji.REPO_INIT}, "Requested repo (7) is INIT"),
        (REPO | {"state": koji.REPO_DELETED}, "Requested repo (7) is DELETED"),
        (REPO | {"state": koji.REPO_PROBLEM}, "Requested repo (7) is PROBLEM"),
    ],
)
def test_a_repo_that_cannot_be_used(
    method: str, repo: dict[str, Any], sentence: str, options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    hub = ScriptedHub(repoInfo=repo)
    with pytest.raises(koji.GenericError) as failure:
        run(method, options, hub)
    assert (str(failure.value), failure.value.faultCode) == (sentence, BUILDROOT_FAULT)
    assert hub.methods("host.newBuildRoot") == []


def test_an_expired_repo_is_good_enough(options: KojidOptions, srpm: Path, recipes: Recipes) -> None:
    hub = ScriptedHub(repoInfo=REPO | {"state": koji.REPO_EXPIRED})
    assert run("rebuildSRPM", options, hub)["brootid"] == 11


@pytest.mark.parametrize("method", REQUESTS)
def test_a_tag_whose_packages_mock_signs_is_left_to_others(
    method: str, options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    tag = TAG | {"extra": {"mock.plugin_conf.sign_enable": True}}
    hub = ScriptedHub(getBuildConfig=tag)
    with pytest.raises(RefuseTask, match="has mock sign packages"):
        run(method, options, hub)
    assert hub.methods("host.newBuildRoot") == []


@pytest.mark.parametrize(
    ("method", "beginning"), [("buildArch", "SRPM file missing"), ("rebuildSRPM", "Input SRPM file missing")]
)
def test_srpm_missing(
    method: str, beginning: str, options: KojidOptions, topdir: Path, recipes: Recipes
) -> None:
    with pytest.raises(koji.BuildError) as failure:
        run(method, options, ScriptedHub())
    assert str(failure.value) == f"{beginning}: {topdir}/work/{SRPM}"
    with serving_files(topdir) as url:
        options.topurl = url
        with pytest.raises(koji.BuildError) as failure:
            run(method, options, ScriptedHub())
    assert str(failure.value) == f"{beginning}: {url}/work/{SRPM} (File not found)"
    assert failure.value.faultCode == BUILD_FAULT


def test_srpm_over_http(options: KojidOptions, topdir: Path, srpm: Path, recipes: Recipes) -> None:
    with serving_files(topdir) as url:
        options.topurl = url
        assert run("rebuildSRPM", options, ScriptedHub())["source"]["source"] == srpm.name


@pytest.mark.parametrize("method", ["buildArch", "rebuildSRPM"])
def test_not_a_source_package(method: str, options: KojidOptions, srpm: Path, recipes: Recipes) -> None:
    write_rpm(srpm, {Tag.NAME: "hello"})
    with pytest.raises(koji.BuildError, match=r"^hello-1.0-1.src.rpm is not a source package$"):
        run(method, options, ScriptedHub())
    srpm.write_bytes(b"#!/bin/sh\n" * 20)
    with pytest.raises(
        koji.BuildError, match=r"^hello-1.0-1.src.rpm is not a readable RPM file: "
    ) as failure:
        run(method, options, ScriptedHub())
    assert failure.value.faultCode == BUILD_FAULT


@pytest.mark.parametrize("path", ["../../etc/passwd", "cli-build/../../x.src.rpm", "/etc/passwd", ""])
def test_an_srpm_path_must_stay_below_work(path: str, options: KojidOptions, recipes: Recipes) -> None:
    with pytest.raises(koji.BuildError, match="is not a path below the hub's work directory"):
        run("buildArch", options, ScriptedHub(), [path, *REQUESTS["buildArch"][1:]])


@pytest.mark.parametrize(
    ("url", "sentence", "fault"),
    [
        (
            "git://git.example.org/hello",
            "Unable to parse SCM URL: git://git.example.org/hello . Could not find the fragment element.",
            GENERIC_FAULT,
        ),
        (
            "git://u:p@git.example.org/hello#abc",
            "username:password format not supported: u:***",
            GENERIC_FAULT,
        ),
        ("git://evil.org/hello#abc", "evil.org:/hello is not in the list of allowed SCMs", BUILD_FAULT),
        (
            "git://git.example.org/../secret#abc",
            "git.example.org:/secret is not in the list of allowed SCMs",
            BUILD_FAULT,
        ),
    ],
)
def test_scm_urls_that_koji_refuses(
    url: str, sentence: str, fault: int, options: KojidOptions, recipes: Recipes
) -> None:
    options.allowed_scms = "git.example.org:/hello*"
    hub = ScriptedHub()
    with pytest.raises(koji.GenericError) as failure:
        run("buildSRPMFromSCM", options, hub, [url, 2, {"repo_id": 7}])
    assert (str(failure.value), failure.value.faultCode) == (sentence, fault)
    assert hub.methods("host.") == []


def test_scm_refused_by_policy(options: KojidOptions, recipes: Recipes) -> None:
    options.allowed_scms_use_policy = True
    hub = ScriptedHub(evalPolicy="deny not here")
    with pytest.raises(koji.BuildError, match="is not allowed, reason: not here"):
        run("buildSRPMFromSCM", options, hub)
    ((policy, data),) = hub.arguments_of("evalPolicy")
    assert policy == "build_from_scm"
    assert (data["user_id"], data["channel"], data["scm_host"]) == (3, "default", "git.example.org")


@pytest.mark.parametrize("there", [True, False])
def test_credentials_for_the_source_command(
    there: bool, options: KojidOptions, tmp_path: Path, recipes: Recipes
) -> None:
    options.scm_credentials_dir = str(tmp_path / "credentials")
    if there:
        Path(options.scm_credentials_dir).mkdir()
    run("buildSRPMFromSCM", options, ScriptedHub())
    mounts = recipes.seen["workspace"].source_mounts
    assert [(str(mount.target), mount.read_only) for mount in mounts] == [("/credentials", True)] * there


FAILURES = [
    ("buildArch", "open_engine", ImageError("no image"), BUILDROOT_FAULT),
    ("buildArch", "open_buildroot", BuildrootError("could not init mock buildroot"), BUILDROOT_FAULT),
    ("buildArch", "build_rpms", DependencyError("nothing provides foo"), BUILD_FAULT),
    ("buildArch", "build_rpms", BuildFailed("error building package (arch x86_64)"), BUILD_FAULT),
    ("rebuildSRPM", "rebuild_srpm", BuildFailed("error building srpm"), BUILD_FAULT),
]


@pytest.mark.parametrize("failing", [False, True], ids=["well", "badly"])
@pytest.mark.parametrize(
    "call", ["rawUpload", "host__setBuildRootList", "host__setBuildRootState", "host__updateBuildRootList"]
)
def test_a_task_that_was_taken_away_is_stopped_before_its_buildroot_is_left(
    call: str, failing: bool, options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    """The hub cancels it while packages are installed or built; the worker has not heard of that yet."""

    def refuse(*_: Any, **__: Any) -> None:
        raise koji.ActionNotAllowed("host 1 does not own task 1")

    if failing:
        recipes.failures["build_rpms"] = BuildFailed("error building package (arch x86_64)")
    hub = ScriptedHub(1, **{call: refuse})
    if call == "rawUpload":
        hub.__dict__[call] = refuse
    with pytest.raises(SystemExit):
        run("buildArch", options, hub)
    assert recipes.left_by == [SystemExit]


def test_a_refusal_that_is_about_another_task_is_a_failure(
    options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    def refuse(*_: Any) -> None:
        raise koji.ActionNotAllowed("host 1 does not own task 11")

    with pytest.raises(koji.ActionNotAllowed):
        run("buildArch", options, ScriptedHub(host__setBuildRootList=refuse))
    assert recipes.left_by == [koji.ActionNotAllowed]


@pytest.mark.parametrize("recipe", ["open_engine", "open_buildroot", "build_rpms"])
def test_a_full_disk_of_the_worker_is_a_sentence(
    recipe: str, options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    recipes.failures[recipe] = OSError(errno.ENOSPC, "No space left on device", "/var/x")
    with pytest.raises(DiskFull, match=r"^a disk of this machine is full \(at /var/x\)") as failure:
        run("buildArch", options, ScriptedHub())
    assert explain(failure.value).failure == "disk"


def test_logs_that_cannot_be_kept_here_cost_no_build(
    options: KojidOptions, srpm: Path, recipes: Recipes, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub has them; here the directory for logs is a file, which is as good as a full disk."""
    options.adjutant.log_dir.write_text("")
    hub = ScriptedHub()
    assert run("buildArch", options, hub)["brootid"] == 11
    assert "build.log" in hub.uploads
    assert "The logs of task 1 are not kept on this machine: " in caplog.text


@pytest.mark.parametrize(("method", "recipe", "error", "fault"), FAILURES)
def test_a_recipe_that_fails(
    method: str,
    recipe: str,
    error: koji.GenericError,
    fault: int,
    options: KojidOptions,
    srpm: Path,
    recipes: Recipes,
) -> None:
    recipes.failures[recipe] = error
    hub = ScriptedHub()
    with pytest.raises(koji.GenericError) as failure:
        run(method, options, hub)
    assert (failure.value, failure.value.faultCode) == (error, fault)
    assert hub.arguments_of("host.setBuildRootState")[-1] == (11, "EXPIRED")
    assert recipes.open_roots == 0
    assert not Path(options.workdir, "tasks/1/1").exists()
    if recipe != "open_engine":
        assert "root.log" in hub.uploads
        assert "koji.repo" in hub.uploads
    if recipe == "build_rpms":
        assert "build.log" in hub.uploads
        assert hub.methods("host.")[-2:] == ["host.updateBuildRootList", "host.setBuildRootState"]


def test_the_recipe_s_error_counts_even_if_the_hub_takes_no_more(
    options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    recipes.failures["rebuild_srpm"] = BuildFailed("error building srpm")
    canceled = koji.ActionNotAllowed("task 1 is canceled")
    hub = ScriptedHub(host__setBuildRootState=lambda _id, state: _raise_if(state == "EXPIRED", canceled))
    with pytest.raises(BuildFailed):
        run("rebuildSRPM", options, hub)


def _raise_if(condition: bool, error: Exception) -> None:
    if condition:
        raise error


@pytest.mark.parametrize("tag", ["packager", "vendor", "distribution"])
def test_a_package_that_does_not_say_where_it_is_from(
    tag: str, options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    del recipes.source_tags[tag.upper()]
    with pytest.raises(koji.BuildError, match=f"^The build system failed to set the {tag} tag$"):
        run("buildArch", options, ScriptedHub())


def test_an_srpm_that_is_not_named_as_its_header_says(
    options: KojidOptions, srpm: Path, recipes: Recipes
) -> None:
    recipes.source_tags["RELEASE"] = "2"
    with pytest.raises(
        koji.BuildError, match=r"^srpm name mismatch: hello-1.0-2.src.rpm != hello-1.0-1.src.rpm$"
    ):
        run("rebuildSRPM", options, ScriptedHub())


def test_a_build_with_a_history_weighs_more(options: KojidOptions, srpm: Path, recipes: Recipes) -> None:
    hub = ScriptedHub(getAverageBuildDuration=9600.0)
    run("buildArch", options, hub)
    assert hub.arguments_of("host.setTaskWeight") == [(1, 3.5)]
    endless = ScriptedHub(getAverageBuildDuration=1e9)
    run("buildArch", options, endless)
    assert endless.arguments_of("host.setTaskWeight") == [(1, 19.5)]


@pytest.mark.parametrize(
    ("arches", "fits"), [("x86_64", True), ("i686 x86_64", True), ("ppc64le", False), ("", True)]
)
def test_host_check(arches: str, fits: bool, options: KojidOptions) -> None:
    hub = ScriptedHub(getBuildConfig={"id": 2, "name": "t", "arches": arches})
    adapters = {name: adapter for adapter in ADAPTERS for name in adapter.Methods}
    host = ScriptedHub().host.getHost()
    for method, request in REQUESTS.items():
        task = adapters[method](1, method, request, hub, options)
        assert task.checkHost(host) is fits


def test_createrepo_of_a_repo_that_is_done(options: KojidOptions) -> None:
    with pytest.raises(koji.GenericError, match=r"^Repo 7 not in INIT state \(got 1\)$"):
        run("createrepo", options, ScriptedHub(), [7, "x86_64", None])


def test_createrepo_without_topdir_is_left_to_another_host(options: KojidOptions, topdir: Path) -> None:
    hub = ScriptedHub(repoInfo=REPO | {"state": koji.REPO_INIT})
    with pytest.raises(koji.GenericError, match=r"^Repo directory missing: "):
        run("createrepo", options, hub, [7, "x86_64", None])
    (topdir / "repos").rmdir()
    with pytest.raises(RefuseTask, match=r"^No access to repos dir "):
        run("createrepo", options, hub, [7, "x86_64", None])
