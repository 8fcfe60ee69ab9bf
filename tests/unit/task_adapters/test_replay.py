"""The container tasks make, call by call and argument by argument, the hub calls of a stock builder."""

from __future__ import annotations

import xmlrpc.client
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.config import KojidOptions
from tests.support.recipes import FILES, Recipes
from tests.support.recorded_hub import Replay, play, recorded_listings
from tests.support.rpm_headers import write_srpm

EVIDENCE = {"provenance.json", "sbom.spdx.json"}
BESIDE_LOGS = {*FILES, *EVIDENCE, "container.log", "buildroot.json", "resources.json"}


@pytest.fixture
def options(options: KojidOptions) -> KojidOptions:
    """Without the image policy, about which a stock builder asks nothing."""
    options.adjutant = replace(options.adjutant, policy_enabled=False)
    return options


def run(task_id: int, options: KojidOptions, recipes: Recipes) -> tuple[Any, Replay]:
    recipes.listings = recorded_listings(task_id)
    return play(task_id, options)


def stock_result(hub: Replay) -> Any:
    """What the stock builder closed the task with."""
    ((result,), _) = xmlrpc.client.loads(hub.end["args"][1])
    return result


def log_names(result: dict[str, Any]) -> set[str]:
    return {Path(log).name for log in result["logs"]}


@pytest.mark.parametrize(
    "task_id", [pytest.param(6, id="first build"), pytest.param(14, id="with a history")]
)
def test_build_arch(task_id: int, options: KojidOptions, topdir: Path, recipes: Recipes) -> None:
    stock = stock_result(Replay.of_task(task_id))
    (given,) = [Replay.of_task(task_id).info["request"][0]]
    name, version, release = Path(given).name.removesuffix(".src.rpm").split("-")
    write_srpm(topdir / "work" / given, name, version, release)
    recipes.srpm = Path(given).name
    recipes.packages = {"all": [Path(rpm).name for rpm in stock["rpms"]]}
    result, hub = run(task_id, options, recipes)
    assert hub.expected == []
    assert {key: result[key] for key in ("rpms", "srpms", "brootid")} == {
        key: stock[key] for key in ("rpms", "srpms", "brootid")
    }
    assert log_names(result) == {"build.log", "root.log", "noarch_rpmdiff.json", *BESIDE_LOGS}
    uploaded = log_names(result) | {Path(path).name for path in result["rpms"] + result["srpms"]}
    assert set(hub.uploads) == uploaded
    assert set(hub.uploads.values()) == {f"tasks/{task_id}/{task_id}"}
    assert recipes.seen["usual_seconds"] == {6: 0, 14: 6.192606}[task_id]


def test_rebuild_srpm(options: KojidOptions, topdir: Path, recipes: Recipes) -> None:
    write_srpm(topdir / "work" / Replay.of_task(5).info["request"][0])
    result, hub = run(5, options, recipes)
    assert hub.expected == []
    assert result | {"logs": []} == stock_result(hub) | {"logs": []}
    assert log_names(result) == {"root.log", *BESIDE_LOGS}


def test_build_srpm_from_scm(options: KojidOptions, recipes: Recipes) -> None:
    stock = stock_result(Replay.of_task(12))
    recipes.srpm, recipes.source = Path(stock["srpm"]).name, stock["source"]
    result, hub = run(12, options, recipes)
    assert hub.expected == []
    assert result | {"logs": []} == stock | {"logs": []}
    assert log_names(result) == {"checkout.log", "root.log", *BESIDE_LOGS}
    source = recipes.seen["source"]
    assert (source.scheme, source.host, source.repository) == ("git+http://", "127.0.0.1:8088", "/hello.git")
    assert recipes.seen["config"].network is True


@pytest.mark.parametrize("task_id", [pytest.param(4, id="first"), pytest.param(9, id="after another")])
def test_createrepo(task_id: int, options: KojidOptions, topdir: Path, recipes: Recipes) -> None:
    uploads, files = stock_result(Replay.of_task(task_id))
    repo_id, arch, old = Replay.of_task(task_id).info["request"]
    directory = topdir / "repos" / "dist-test-build" / str(repo_id) / arch
    directory.mkdir(parents=True)
    (directory / "pkglist").write_text("../a.rpm\n")
    old_repodata = topdir / "repos" / "dist-test-build" / str(old["id"]) / arch / "repodata" if old else None
    if old_repodata:
        old_repodata.mkdir(parents=True)
    recipes.repodata = files
    assert run(task_id, options, recipes)[0] == [uploads, files]
    request = recipes.seen["request"]
    assert (request.repodir, request.old_repodata) == (directory, old_repodata)
    assert [repo.merge_mode for repo in request.external_repos] == ["koji"]
    assert request.groupdata == directory.parent / "groups" / "comps.xml"


def test_logs_stay_on_the_worker(options: KojidOptions, topdir: Path, recipes: Recipes) -> None:
    write_srpm(topdir / "work" / Replay.of_task(5).info["request"][0])
    run(5, options, recipes)
    kept = options.adjutant.log_dir / "5"
    assert {file.name for file in kept.iterdir()} == {"root.log", *BESIDE_LOGS}
    assert not Path(options.workdir, "tasks/5/5").exists()
