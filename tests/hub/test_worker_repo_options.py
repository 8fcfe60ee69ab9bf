"""newRepo and createrepo with everything that can be asked of them: options, merge modes, older repos."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from koji_adjutant.buildroot.repository.compressed import decompress
from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.dist import add_to, tag_with
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker, RpmSet
from tests.hub.wire import TIMEOUT
from tests.support.http_server import serving_files

pytestmark = pytest.mark.podman

MODES = ("koji", "simple", "bare")


class Repo:
    """A repo that the worker has made."""

    def __init__(self, farm: Farm, tag: str, *arguments: Any) -> None:
        self.farm, self.tag = farm, tag
        self.task = farm.worker_task("newRepo", tag, *arguments)
        self.id, self.event = farm.closed(self.task)

    def file(self, path: str) -> bytes:
        url = f"{self.farm.hub.files_url}/repos/{self.tag}/{self.id}/{path}"
        response = requests.get(url, timeout=TIMEOUT)
        return response.content if response.ok else b""

    def packages(self, arch: str = ARCH) -> set[str]:
        """The names of the packages' files."""
        repomd = self.file(f"{arch}/repodata/repomd.xml").decode()
        found = re.search(r'<data type="primary">.*?<location href="([^"]+)"', repomd, re.DOTALL)
        assert found, repomd
        primary = decompress(self.file(f"{arch}/{found[1]}")).decode()
        return {href.rpartition("/")[2] for href in re.findall(r'<location [^>]*href="([^"]+)"', primary)}

    def log(self, name: str, arch: str = ARCH) -> str:
        return self.farm.log(self.farm.children(self.task)[arch]["id"], name)

    @property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file("repo.json"))
        return found


def names(*rpms: RpmSet) -> set[str]:
    return {rpm.path.name for made in rpms for rpm in made.rpms}


@pytest.fixture
def made(rpms: RpmMaker) -> RpmSet:
    return rpms.make()


@pytest.fixture
def debug(rpms: RpmMaker) -> RpmSet:
    return rpms.make(f"{unique('pkg')}-debuginfo")


@pytest.fixture
def tag(builder: Builder, made: RpmSet, debug: RpmSet) -> str:
    return tag_with(builder, made, debug)


def test_neither_debuginfo_nor_sources(farm: Farm, tag: str, made: RpmSet) -> None:
    assert Repo(farm, tag).packages() == names(made)


@pytest.mark.parametrize("legacy", [False, True])
def test_debuginfo(farm: Farm, tag: str, made: RpmSet, debug: RpmSet, legacy: bool) -> None:
    given = [None, None, True] if legacy else [None, None, None, None, {"debuginfo": True}]
    repo = Repo(farm, tag, *given)
    assert repo.packages() == names(made, debug)
    assert farm.admin.repoInfo(repo.id)["opts"]["debuginfo"] is True


def test_sources(farm: Farm, tag: str, made: RpmSet) -> None:
    repo = Repo(farm, tag, None, None, None, None, {"src": True})
    assert repo.packages() == names(made) | {made.srpm.path.name}


def test_sources_apart(farm: Farm, tag: str, made: RpmSet) -> None:
    repo = Repo(farm, tag, None, None, None, None, {"separate_src": True})
    assert set(farm.children(repo.task)) == {ARCH, "src"}
    assert repo.packages() == names(made)
    assert repo.packages("src") == {made.srpm.path.name}


def test_two_ways_to_give_options(farm: Farm, tag: str) -> None:
    error = farm.failure(farm.worker_task("newRepo", tag, None, True, None, None, {"src": True}))
    assert "opts parameter cannot be combined with legacy options" in str(error)


def test_a_tag_at_an_event(farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker) -> None:
    event = farm.admin.getLastEvent()["id"]
    later = rpms.make()
    add_to(builder, tag, later.srpm, later.rpm)
    repo = Repo(farm, tag, event)
    assert (repo.event, repo.packages()) == (event, names(made))


def test_an_empty_repo(farm: Farm) -> None:
    repo = Repo(farm, make_tag(farm.admin))
    assert repo.packages() == set()
    assert repo.file(f"{ARCH}/repodata/EMPTY_REPO")


def test_the_last_repo_is_recycled(
    farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker
) -> None:
    first = Repo(farm, tag)
    assert "--update" not in first.log("createrepo.log")
    more = rpms.make()
    add_to(builder, tag, more.srpm, more.rpm)
    second = Repo(farm, tag)
    assert "--update --skip-stat" in second.log("createrepo.log")
    assert second.packages() == names(made, more)


def test_a_parents_repo_is_recycled(farm: Farm, tag: str, made: RpmSet) -> None:
    """For a tag's first repo there is only its parents'."""
    parent = Repo(farm, tag)
    child = make_tag(farm.admin)
    link = {"parent_id": farm.admin.getTag(tag)["id"], "priority": 0, "maxdepth": None}
    farm.admin.setInheritanceData(
        child, [link | {"intransitive": False, "noconfig": False, "pkg_filter": ""}]
    )
    repo = Repo(farm, child)
    assert repo.packages() == names(made)
    # nothing differs, so it is not even made anew
    assert repo.about["cloned_from_repo_id"] == parent.id


def test_an_unchanged_repo_is_copied(
    farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker
) -> None:
    """copy_old_repodata: arch by arch, whatever has changed in others."""
    farm.admin.editTag2(tag, arches=f"{ARCH} aarch64")
    first = Repo(farm, tag)
    second = Repo(farm, tag)
    assert farm.children(second.task) == {}
    assert second.about["cloned_from_repo_id"] == first.id
    assert sorted(second.about["cloned_archs"]) == sorted([ARCH, "aarch64"])
    for arch in (ARCH, "aarch64"):
        repomd = f"{arch}/repodata/repomd.xml"
        assert second.file(repomd) == first.file(repomd) != b""
    assert second.packages() == names(made)
    more = rpms.make()
    add_to(builder, tag, more.srpm, more.rpm)
    third = Repo(farm, tag)
    assert set(farm.children(third.task)) == {ARCH}
    assert third.about["cloned_archs"] == ["aarch64"]
    assert third.packages() == names(made, more)


@pytest.fixture(scope="module")
def newer(rpms: RpmMaker) -> RpmSet:
    """What the external repo has of a package that the tag has as well."""
    return rpms.make(version="2")


@pytest.fixture(scope="module")
def blocked(rpms: RpmMaker) -> RpmSet:
    return rpms.make()


@pytest.fixture(scope="module")
def external(tmp_path_factory: pytest.TempPathFactory, newer: RpmSet, blocked: RpmSet) -> Iterator[str]:
    """The URL of a repo with these two packages."""
    directory: Path = tmp_path_factory.mktemp("external")
    for rpm in (newer.rpm, blocked.rpm):
        (directory / rpm.path.name).write_bytes(rpm.path.read_bytes())
    subprocess.run(["createrepo_c", "--quiet", str(directory)], check=True, capture_output=True)
    with serving_files(directory) as url:
        yield f"{url}/"


@pytest.mark.parametrize("mode", MODES)
def test_merging(
    farm: Farm, builder: Builder, rpms: RpmMaker, external: str, newer: RpmSet, blocked: RpmSet, mode: str
) -> None:
    """koji: what the tag has a build of does not come from outside; simple: what is blocked does not; bare:
    everything does."""
    name = unique("merged")
    farm.admin.createExternalRepo(name, external)
    ours = rpms.make(newer.srpm.name)
    tag = make_tag(farm.admin)
    _import_once(farm, builder, tag, ours)
    farm.admin.packageListAdd(tag, blocked.srpm.name, owner=farm.hub.admin.name)
    farm.admin.packageListBlock(tag, blocked.srpm.name)
    farm.admin.addExternalRepoToTag(tag, name, 5, merge_mode=mode)
    expected = {
        "koji": names(ours),
        "simple": names(ours, newer),
        "bare": names(ours, newer, blocked),
    }
    repo = Repo(farm, tag)
    assert repo.packages() == expected[mode]
    assert repo.log("mergerepos.log")


def _import_once(farm: Farm, builder: Builder, tag: str, made: RpmSet) -> None:
    """The tests of the three modes share one build."""
    nvr = f"{made.srpm.name}-1-1"
    build = farm.admin.getBuild(nvr) or builder.imported(made.srpm, *made.rpms)
    farm.admin.packageListAdd(tag, made.srpm.name, owner=farm.hub.admin.name)
    farm.admin.tagBuildBypass(tag, build["nvr"])


def test_two_merge_modes(farm: Farm, external: str) -> None:
    tag = make_tag(farm.admin)
    for priority, mode in enumerate(("koji", "bare")):
        name = unique("merged")
        farm.admin.createExternalRepo(name, external)
        farm.admin.addExternalRepoToTag(tag, name, priority, merge_mode=mode)
    error = farm.failure(farm.worker_task("newRepo", tag))
    assert "Found multiple merge modes for external repos" in str(error)
