"""One build tag with packages of rpm's formats 4 and 6, from repositories in gzip and in zstd."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from tests.hub.builder import ARCH, Builder
from tests.hub.dist import DistRepo, add_to, put_in
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.rpms import Rpm, RpmMaker
from tests.hub.test_worker_operator import adjutant
from tests.hub.wrapped import imported, take_wrappers, template
from tests.support.http_server import serving_files

pytestmark = pytest.mark.podman

FORMAT_6 = Path(__file__).parents[1] / "packages" / "hello-v6" / "hello-v6-1-1.noarch.rpm"
KNOWN_BY = "sha3-256::c5e9f747580d8eb4991227bf9aa5e5c0d0c29786e16e68b789d817d4ab491cf8"
CREATEREPO = Path(sys.executable).with_name("createrepo_c")
"""Of the Python library: newer than the programs of some hosts."""
NEEDING = "BuildRequires: v6(hello) gcc\n"
READ = 'test "$(cat /usr/share/hello-v6/greeting)" = hello\ngcc -O2 -o hello hello.c'


@dataclass(frozen=True)
class Mixed:
    """The names of a target, its tags, and the external repository that is not the distribution."""

    target: str
    build_tag: str
    tag: str
    external: str


def compression(url: str) -> str:
    """Of a repository's metadata, as createrepo_c calls it."""
    href = RepoFiles(url.rstrip("/")).repomd().href("primary")
    assert href
    return {"gz": "gz", "zst": "zstd"}[href.rpartition(".")[2]]


@pytest.fixture(scope="module")
def mixed(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    own = tmp_path_factory.mktemp("format-6")
    shutil.copy(FORMAT_6, own)
    distribution = farm.admin.getExternalRepo(farm.external)["url"]
    other = {"gz": "zstd", "zstd": "gz"}[compression(distribution)]
    subprocess.run([CREATEREPO, "--quiet", f"--general-compress-type={other}", str(own)], check=True)
    names = Mixed(*(unique(name) for name in ("mixed", "mixed-build", "mixed-dest", "mixed-external")))
    admin = farm.admin
    with serving_files(own) as url:
        assert compression(url) == other
        # what is built first is what is built second's dependency
        admin.createTag(names.tag, farm.build_tag)
        admin.createTag(names.build_tag, names.tag, arches=ARCH)
        admin.createBuildTarget(names.target, names.build_tag, names.tag)
        admin.createExternalRepo(names.external, f"{url}/")
        admin.addExternalRepoToTag(names.build_tag, names.external, 20)
        yield names


def publish(farm: Farm, mixed: Mixed, name: str, tags: str) -> str:
    farm.admin.packageListAdd(mixed.tag, name, owner=farm.hub.admin.name)
    files = package(name, build=READ, tags=tags)
    return farm.git.publish(name, files)


@pytest.fixture(scope="module")
def chain(farm: Farm, mixed: Mixed) -> list[dict[str, str]]:
    """Two builds, the second of which needs the first: the tag's repository is merged twice. Their rows."""
    first, second = unique("first"), unique("second")
    urls = [
        [publish(farm, mixed, first, NEEDING)],
        [publish(farm, mixed, second, f"{NEEDING}BuildRequires: {first}\n")],
    ]
    farm.closed(int(farm.admin.chainBuild(urls, mixed.target, {})))
    builds = {build["name"]: build for build in farm.admin.listTagged(mixed.tag)}
    return [builds[first], builds[second]]


def arch_task(farm: Farm, build: dict[str, str]) -> int:
    return int(farm.children(int(build["task_id"]))[ARCH]["id"])


def test_packages_of_both_formats_are_reported(farm: Farm, mixed: Mixed, chain: list[dict[str, str]]) -> None:
    for build in chain:
        buildroot = farm.admin.getTaskResult(arch_task(farm, build))["brootid"]
        listed = {rpm["name"]: rpm for rpm in farm.admin.listRPMs(componentBuildrootID=buildroot)}
        hello = listed["hello-v6"]
        assert (hello["payloadhash"], hello["external_repo_name"]) == (KNOWN_BY, mixed.external)
        assert listed["gcc"]["external_repo_name"] == farm.external
        assert len({rpm["payloadhash"] for rpm in listed.values()}) == len(listed)


def test_the_first_build_was_installed_for_the_second(farm: Farm, chain: list[dict[str, str]]) -> None:
    first, second = chain
    buildroot = farm.admin.getTaskResult(arch_task(farm, second))["brootid"]
    listed = {rpm["name"]: rpm for rpm in farm.admin.listRPMs(componentBuildrootID=buildroot)}
    assert listed[first["name"]]["build_id"] == first["build_id"]


def test_the_same_buildroot_once_more(farm: Farm, chain: list[dict[str, str]]) -> None:
    words = ("--step", "buildrequires", "--", "cat", "/usr/share/hello-v6/greeting")
    result = adjutant(farm, "replay", arch_task(farm, chain[0]), *words)
    assert (result.returncode, result.stdout) == (0, "hello\n"), result.stderr


def test_a_fresh_installation_is_equal(farm: Farm, chain: list[dict[str, str]]) -> None:
    lock = json.loads(farm.log(arch_task(farm, chain[1]), "adjutant_lock.json"))
    result = adjutant(farm, "cache", "verify", lock["steps"][-1]["key"])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("manager", ["dnf", "dnf5"])
def test_what_the_tag_says_resolves(
    farm: Farm, mixed: Mixed, chain: list[dict[str, str]], manager: str
) -> None:
    """Where the image has both; else the other one, and root.log says so."""
    farm.admin.editTag2(mixed.build_tag, extra={"mock.package_manager": manager})
    url = publish(farm, mixed, unique(manager), f"{NEEDING}BuildRequires: {chain[0]['name']}\n")
    # what the tag says counts from the repo on
    options = {"scratch": True, "repo_id": wait_for_repo(farm, mixed.build_tag)}
    task = int(farm.admin.build(url, mixed.target, options))
    assert farm.closed(task) is None
    log = farm.log(int(farm.children(task)[ARCH]["id"]), "root.log")
    wanted, package = {"dnf": ("dnf4", "python3-dnf"), "dnf5": ("dnf5", "python3-libdnf5")}[manager]
    resolved = [line for line in log.splitlines() if line.startswith("Resolving with ")]
    assert resolved
    if f"{package} is not available in the tool image" not in log:
        assert set(resolved) == {f"Resolving with {wanted}"}


def test_a_wrapper_is_built_with_them(farm: Farm, mixed: Mixed, tmp_path: Path) -> None:
    take_wrappers(farm)
    build = imported(farm, tmp_path, "maven", {"hello-1.0.jar": "jar"})
    url = template(farm, build, "test -e /usr/share/hello-v6/greeting", requires="v6(hello)")
    result = farm.closed(int(farm.admin.wrapperRPM(build.info["id"], url, mixed.target)))
    assert result["rpms"] == [f"{build.name}-wrapper-1.0-1.noarch.rpm"]
    listed = {rpm["name"] for rpm in farm.admin.listRPMs(componentBuildrootID=result["buildroot_id"])}
    assert "hello-v6" in listed


@pytest.fixture(scope="module")
def own(farm: Farm, builder: Builder, rpms: RpmMaker) -> str:
    """A tag in which a package of format 6, and one of format 4, are builds of the hub."""
    version = farm.admin.getKojiVersion()
    if tuple(int(part) for part in version.split(".")[:2]) < (1, 36):
        pytest.skip(f"the hub is koji {version}: before 1.36 it takes no build of format 6")
    tag = unique("own")
    farm.admin.createTag(tag, farm.build_tag)
    known: dict[str, Any] | None = farm.admin.getBuild("hello-v6-1-1")
    if known:
        put_in(builder, tag, known)
    else:
        source = rpms.make("hello-v6").srpm
        add_to(builder, tag, source, Rpm(FORMAT_6, "hello-v6", "1", "1", "noarch"))
    other = rpms.make()
    add_to(builder, tag, other.srpm, other.rpm)
    return tag


def test_a_build_of_format_6_is_installed_for_others(farm: Farm, own: str) -> None:
    build_tag, target = unique("own-build"), unique("own-target")
    farm.admin.createTag(build_tag, own, arches=ARCH)
    farm.admin.createBuildTarget(target, build_tag, own)
    name = unique("needing")
    farm.admin.packageListAdd(own, name, owner=farm.hub.admin.name)
    url = farm.git.publish(name, package(name, build=READ, tags=NEEDING))
    task = int(farm.admin.build(url, target, {"repo_id": wait_for_repo(farm, build_tag)}))
    farm.closed(task)
    buildroot = farm.admin.getTaskResult(int(farm.children(task)[ARCH]["id"]))["brootid"]
    (hello,) = (
        rpm for rpm in farm.admin.listRPMs(componentBuildrootID=buildroot) if rpm["name"] == "hello-v6"
    )
    assert (hello["payloadhash"], hello["external_repo_id"]) == (KNOWN_BY, 0)
    (made,) = farm.admin.listTagged(own, package=name)
    assert made["state"] == koji.BUILD_STATES["COMPLETE"]


def test_a_dist_repo_with_both(farm: Farm, own: str) -> None:
    repo = DistRepo.made(farm, own, allow_missing_signatures=True, inherit=False)
    tagged = farm.admin.listTaggedRPMS(own, inherit=False, latest=True)[0]
    expected = {f"{rpm['name']}-{rpm['version']}-{rpm['release']}.{rpm['arch']}.rpm" for rpm in tagged}
    assert {"hello-v6-1-1.noarch.rpm"} < repo.files()
    assert repo.files() == {name for name in expected if not name.endswith(".src.rpm")}
    assert repo.package("hello-v6-1-1.noarch.rpm") == FORMAT_6.read_bytes()
