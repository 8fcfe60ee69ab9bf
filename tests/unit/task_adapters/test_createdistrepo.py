"""The createdistrepo task: what it refuses before and after it looks at packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.tasks import RefuseTask

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.dist_repo import DistRepoRequest
from koji_adjutant.config import KojidOptions
from koji_adjutant.task_adapters import createdistrepo
from koji_adjutant.task_adapters.createdistrepo import CreateDistRepoTask
from tests.support.recipes import Recipes
from tests.support.scripted_hub import ScriptedHub

REPO = {"id": 9, "tag_id": 2, "tag_name": "f39", "state": koji.REPO_INIT, "dist": True}
OPTS = {"event": 60, "latest": True, "inherit": True, "multilib": None}
OPTS |= {"skip_missing_signatures": False, "allow_missing_signatures": True}


def run(options: KojidOptions, hub: ScriptedHub, **opts: Any) -> None:
    CreateDistRepoTask(1, "createdistrepo", ["f39", 9, "x86_64", [], OPTS | opts], hub, options).run()


def hub_with(**answers: Any) -> ScriptedHub:
    return ScriptedHub(**{"repoInfo": REPO, "listTaggedRPMS": [[], []], **answers})


@pytest.fixture
def place(topdir: Path) -> Path:
    """The repo's directory, as the hub has made it."""
    directory = topdir / "repos-dist/f39/9"
    (directory / "x86_64").mkdir(parents=True)
    return directory


@pytest.fixture
def seen(recipes: Recipes, monkeypatch: pytest.MonkeyPatch) -> list[DistRepoRequest]:
    """What the recipe, which does nothing here, is asked for."""
    requests: list[DistRepoRequest] = []

    def create(workspace: Workspace, request: DistRepoRequest) -> Path:
        requests.append(request)
        repo = workspace.workdir / "repo"
        (repo / "repodata").mkdir(parents=True)
        (repo / "repodata/repomd.xml").write_text("data")
        (repo / "Packages").mkdir()
        (repo / "Packages/a-link.rpm").symlink_to("/etc/passwd")
        return repo

    monkeypatch.setattr(createdistrepo, "create_dist_repo", create)
    return requests


def test_what_is_uploaded(options: KojidOptions, place: Path, seen: list[DistRepoRequest]) -> None:
    hub = hub_with()
    run(options, hub)
    expected = {"kojipkgs": "tasks/1/1", "repomd.xml": "tasks/1/1/repodata", "repo_manifest": "tasks/1/1"}
    assert expected.items() <= hub.uploads.items()
    assert "a-link.rpm" not in hub.uploads


@pytest.mark.parametrize(
    ("asked", "configured", "expected"), [(None, True, True), (None, False, False), (False, True, False)]
)
def test_skip_stat(
    options: KojidOptions,
    place: Path,
    seen: list[DistRepoRequest],
    asked: bool | None,
    configured: bool,
    expected: bool,
) -> None:
    """The request goes before kojid.conf."""
    options.distrepo_skip_stat = configured
    run(options, hub_with(), createrepo_skip_stat=asked)
    assert seen[0].skip_stat is expected


def test_an_older_repo(options: KojidOptions, topdir: Path, place: Path, seen: list[DistRepoRequest]) -> None:
    old = topdir / "repos-dist/f39/8/x86_64"
    hub = hub_with(getRepo=REPO | {"id": 8})
    run(options, hub)  # its files are gone
    old.mkdir(parents=True)
    run(options, hub)
    options.createrepo_update = False
    run(options, hub)
    assert [request.old for request in seen] == [None, old, None]


def test_a_worker_without_the_hubs_files(options: KojidOptions, topdir: Path) -> None:
    with pytest.raises(RefuseTask, match=f"No access to repos dir {topdir}/repos-dist"):
        run(options, hub_with())
    (topdir / "repos-dist").mkdir()
    with pytest.raises(koji.GenericError, match=f"Repo directory missing: {topdir}/repos-dist/f39/9"):
        run(options, hub_with())


def test_deltas_against_a_repo_that_is_gone(options: KojidOptions, topdir: Path, place: Path) -> None:
    hub = hub_with(repoInfo=lambda repo, **_: REPO | {"id": repo})
    with pytest.raises(koji.GenericError, match=f"Base drpm repo missing: {topdir}/repos-dist/f39/8"):
        run(options, hub, delta=[8])


def test_multilib_without_the_other_arch(options: KojidOptions, place: Path, recipes: Recipes) -> None:
    with pytest.raises(koji.GenericError, match=r"The multilib arch \(i686\) must be included"):
        run(options, hub_with(), multilib="cli/multilib.conf")


@pytest.mark.parametrize("config", ["../secret", "/etc/passwd", "cli/absent.conf"])
def test_a_multilib_configuration_that_was_not_uploaded(
    options: KojidOptions, topdir: Path, place: Path, recipes: Recipes, config: str
) -> None:
    (topdir / "work").mkdir()
    (topdir / "secret").touch()
    (place / "i386").mkdir()
    (place / "i386/kojipkgs").write_text(json.dumps({}))
    with pytest.raises(koji.GenericError, match=f"The multilib configuration is no uploaded file: {config}"):
        run(options, hub_with(), multilib=config)
