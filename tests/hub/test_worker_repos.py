"""newRepo and createrepo: metadata merged from the hub's packages and an external repo."""

from __future__ import annotations

import re
from typing import Any

import koji
import pytest
import requests

from koji_adjutant.buildroot.repository.compressed import decompress
from tests.hub.builder import ARCH
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.faults import stock_words
from tests.hub.names import unique
from tests.hub.packages import COMPILE, package
from tests.hub.wire import TIMEOUT

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module")
def new_repo(farm: Farm) -> dict[str, Any]:
    """The build tag's repo and the tasks that made it: repo, task, result, child."""
    repo = farm.admin.repoInfo(wait_for_repo(farm))
    result = farm.closed(repo["task_id"])  # the repo is ready a moment before its task has ended
    (child,) = farm.children(repo["task_id"]).values()
    return {"repo": repo, "result": result, "child": child}


def metadata(farm: Farm, repo: int, kind: str) -> str:
    """One decompressed file of a repo's repodata."""
    base = f"{farm.hub.files_url}/repos/{farm.build_tag}/{repo}/{ARCH}"
    repomd = requests.get(f"{base}/repodata/repomd.xml", timeout=TIMEOUT).text
    found = re.search(rf'<data type="{kind}">.*?<location href="([^"]+)"', repomd, re.DOTALL)
    assert found, f"no {kind} in {repomd}"
    content = requests.get(f"{base}/{found[1]}", timeout=TIMEOUT).content
    return decompress(content).decode()


def test_new_repo(new_repo: dict[str, Any]) -> None:
    repo = new_repo["repo"]
    assert repo["state"] == koji.REPO_READY
    assert new_repo["result"] == [repo["id"], repo["create_event"]]


def test_createrepo(farm: Farm, new_repo: dict[str, Any]) -> None:
    child = new_repo["child"]
    assert (child["method"], child["label"], child["arch"]) == ("createrepo", ARCH, "noarch")
    directory, files = farm.admin.getTaskResult(child["id"])
    assert directory == koji.pathinfo.taskrelpath(child["id"])
    assert "repomd.xml" in files
    for kind in ("primary", "filelists", "other", "comps|group", "pkgorigins|origin"):
        assert any(re.search(kind, name) for name in files), f"no {kind} among {files}"


def test_logs(farm: Farm, new_repo: dict[str, Any]) -> None:
    task = new_repo["child"]["id"]
    assert {"createrepo.log", "mergerepos.log"} <= set(farm.admin.listTaskOutput(task))
    assert farm.log(task, "mergerepos.log")


def test_groups(farm: Farm, new_repo: dict[str, Any]) -> None:
    repomd = requests.get(
        f"{farm.hub.files_url}/repos/{farm.build_tag}/{new_repo['repo']['id']}/{ARCH}/repodata/repomd.xml",
        timeout=TIMEOUT,
    ).text
    assert 'type="group"' in repomd


def test_origins(farm: Farm, new_repo: dict[str, Any]) -> None:
    """Where a package comes from: the external repo, or what the hub had before the two were merged."""
    (url,) = (row["url"] for row in farm.admin.getExternalRepoList(farm.build_tag))
    repo = new_repo["repo"]["id"]
    origins = dict(line.split("\t") for line in metadata(farm, repo, "origin").splitlines())
    internal = {origin for origin in origins.values() if origin.rstrip("/") != url.rstrip("/")}
    assert len(origins) > 50
    assert all(re.fullmatch(rf"file:///.*/repo_{repo}_premerge/", origin) for origin in internal)


def test_nothing_is_left(farm: Farm, new_repo: dict[str, Any]) -> None:
    assert farm.containers(new_repo["child"]["id"]) == []


def test_a_tag_without_packages(farm: Farm) -> None:
    tag = unique("empty")
    farm.admin.createTag(tag, None, arches=ARCH)
    repo, _event = farm.closed(farm.worker_task("newRepo", tag))
    assert farm.admin.repoInfo(repo)["state"] == koji.REPO_READY
    response = requests.get(
        f"{farm.hub.files_url}/repos/{tag}/{repo}/{ARCH}/repodata/repomd.xml", timeout=TIMEOUT
    )
    assert 'type="primary"' in response.text


def test_what_was_built_can_be_built_with(farm: Farm) -> None:
    """A package that is in the hub is an internal one in the next build's buildroot."""
    first, second = unique("first"), unique("second")
    assert farm.closed(farm.build(farm.publish(first, package(first)))) is None
    wait_for_repo(farm)
    task = farm.build(
        farm.publish(second, package(second, tags=f"BuildRequires: {first}", build=f"{first}\n{COMPILE}"))
    )
    assert farm.closed(task) is None
    root = farm.admin.getTaskResult(farm.children(task)[ARCH]["id"])["brootid"]
    rpms = {rpm["name"]: rpm for rpm in farm.admin.listRPMs(componentBuildrootID=root)}
    (build,) = farm.admin.listTagged(farm.tag, package=first)
    assert (rpms[first]["build_id"], rpms[first]["external_repo_id"]) == (build["build_id"], 0)
    assert rpms[first]["is_update"] is True


def test_a_repo_that_is_done(farm: Farm, new_repo: dict[str, Any]) -> None:
    repo = new_repo["repo"]["id"]
    error = farm.failure(farm.worker_task("createrepo", repo, ARCH, None))
    assert (error.faultCode, stock_words(error)) == (
        koji.GenericError.faultCode,
        f"Repo {repo} not in INIT state (got 1)",
    )
