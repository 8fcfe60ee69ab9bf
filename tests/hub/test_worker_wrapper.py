"""wrapperRPM: packages around the archives of a build that has none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH
from tests.hub.client import Client
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.wrapped import Build, imported, take_wrappers, template

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module", autouse=True)
def _wrappers_are_built(farm: Farm) -> None:
    take_wrappers(farm)


def wrap(farm: Farm, build: Build, url: str, **opts: Any) -> int:
    return int(farm.admin.wrapperRPM(build.info["id"], url, farm.target, opts=opts))


def packages(farm: Farm, build: Any) -> set[tuple[str, str]]:
    return {(rpm["name"], rpm["arch"]) for rpm in farm.admin.listBuildRPMs(build)}


def test_a_maven_build_gets_packages(farm: Farm, tmp_path: Path) -> None:
    """``koji wrapper-rpm`` as a person runs it."""
    build = imported(farm, tmp_path, "maven", {"hello-1.0.jar": "jar", "hello-1.0-sources.zip": "zip"})
    url = template(farm, build)
    client = Client(farm.hub, farm.hub.admin, tmp_path)
    output = client("wrapper-rpm", "--nowait", farm.target, build.nvr, url)
    task = int(re.findall(r"Created task: (\d+)", output)[0])
    result = farm.closed(task)
    wrapper = f"{build.name}-wrapper"
    assert set(result) == {"buildroot_id", "srpm", "rpms", "logs", "source"}
    assert result["srpm"] == f"{wrapper}-1.0-1.src.rpm"
    assert result["rpms"] == [f"{wrapper}-1.0-1.noarch.rpm"]
    assert {"checkout.log", "wrapper.spec", "build.log", "root.log", "template.log"} <= set(result["logs"])
    assert result["source"] == {"url": url, "source": url}
    assert packages(farm, build.nvr) == {(wrapper, "src"), (wrapper, "noarch")}
    assert {rpm["buildroot_id"] for rpm in farm.admin.listBuildRPMs(build.nvr)} == {result["buildroot_id"]}
    spec = farm.log(task, "wrapper.spec")
    assert "From org.example.tests by Maven\nExtensions: ['.jar', '.zip'], path: org/example/tests/" in spec
    assert {"wrapper.spec", "build.log"} <= {log["name"] for log in farm.admin.getBuildLogs(build.nvr)}
    root = farm.admin.getBuildroot(result["buildroot_id"], strict=True)
    assert (root["state"], root["task_id"]) == (koji.BR_STATES["EXPIRED"], task)
    assert farm.containers(task) == []
    with pytest.raises(koji.GenericError, match="have already been built"):
        wrap(farm, build, url)


def test_an_image_build_is_wrapped_by_a_build_of_its_own(farm: Farm, tmp_path: Path) -> None:
    build = imported(farm, tmp_path, "image", {"disk.qcow2": "image"})
    wrapper = f"{build.name}-wrapper"
    farm.admin.packageListAdd(farm.tag, wrapper, owner=farm.hub.admin.name)
    url = template(farm, build)
    metadata = {"ticket": 7}
    task = wrap(farm, build, url, create_build=True, custom_user_metadata=metadata)
    assert farm.closed(task)["custom_user_metadata"] == metadata
    assert {label: child["method"] for label, child in farm.children(task).items()} == {"tag": "tagBuild"}
    (made,) = farm.admin.listTagged(farm.tag, package=wrapper)
    made = farm.admin.getBuild(made["nvr"], strict=True)
    assert (made["task_id"], made["source"]) == (task, url)
    assert made["extra"] == {"source": {"original_url": url}, "custom_user_metadata": metadata}
    assert packages(farm, made["nvr"]) == {(wrapper, "src"), (wrapper, "noarch")}
    assert packages(farm, build.nvr) == set()


def test_scratch(farm: Farm, tmp_path: Path) -> None:
    build = imported(farm, tmp_path, "image", {"disk.raw": "image"})
    task = wrap(farm, build, template(farm, build), scratch=True)
    result = farm.closed(task)
    assert farm.hub.topdir is not None
    scratch = farm.hub.topdir / "scratch" / farm.hub.admin.name / f"task_{task}"
    assert {result["srpm"], *result["rpms"], "logs"} == {path.name for path in scratch.iterdir()}
    assert packages(farm, build.nvr) == set()


def test_a_build_of_its_own_that_fails(farm: Farm, tmp_path: Path) -> None:
    build = imported(farm, tmp_path, "image", {"disk.raw": "image"})
    wrapper = f"{build.name}-wrapper"
    farm.admin.packageListAdd(farm.tag, wrapper, owner=farm.hub.admin.name)
    task = wrap(farm, build, template(farm, build, "echo this is why; exit 3"), create_build=True)
    error = farm.failure(task)
    assert error.faultCode == koji.BuildError.faultCode
    assert f"error building package (arch {ARCH})" in str(error)
    (made,) = farm.admin.listBuilds(packageID=wrapper)
    assert made["state"] == koji.BUILD_STATES["FAILED"]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"packaging/wrapper.spec.tmpl": "Name: $nothing_of_that_name\n"}, "nothing_of_that_name"),
        ({"packaging/wrapper.spec.tmpl": "Packager: me\n"}, "Packager is not allowed to be set"),
    ],
)
def test_a_template_that_cannot_be_used(
    farm: Farm, tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    build = imported(farm, tmp_path, "image", {"disk.raw": "image"})
    error = farm.failure(wrap(farm, build, template(farm, build, **files), scratch=True))
    assert (error.faultCode, sentence in str(error)) == (koji.BuildError.faultCode, True), str(error)


def test_no_template(farm: Farm, tmp_path: Path) -> None:
    build = imported(farm, tmp_path, "image", {"disk.raw": "image"})
    url = farm.git.publish(f"{build.name}-bare", {"hello.spec": "Name: hello\n"})
    error = farm.failure(wrap(farm, build, url, scratch=True))
    assert str(error).splitlines()[0] == f"no spec file template found at URL: {url}"


def test_builds_that_cannot_be_wrapped(farm: Farm, tmp_path: Path) -> None:
    url = "git://nowhere.invalid/x#abc"
    bare = imported(farm, tmp_path, "image", {})
    error = farm.failure(wrap(farm, bare, url))
    assert (error.faultCode, str(error).splitlines()[0]) == (
        koji.BuildError.faultCode,
        f"no output found for {koji.buildLabel(bare.info)}",
    )
    name = unique("empty")
    number = farm.admin.createEmptyBuild(name, "1", "1", None)
    error = farm.failure(wrap(farm, Build(farm.admin.getBuild(number)), url))
    assert str(error).splitlines()[0] == "unsupported build type"


def test_as_a_part_of_a_build_that_is_being_made(farm: Farm, tmp_path: Path) -> None:
    """A parent task passes its build's task, whose output is wrapped, and gets the packages for itself."""
    build = imported(farm, tmp_path, "maven", {"hello-1.0.jar": "jar"})
    target = farm.admin.getBuildTarget(farm.target)
    url = template(farm, build)
    for state in ("BUILDING", "FAILED"):
        info = build.info | {"state": koji.BUILD_STATES[state]}
        error = farm.failure(farm.worker_task("wrapperRPM", url, target, info, None, {}))
        assert "did not complete successfully" in str(error)
    other = farm.worker_task("sleep", 0)
    farm.closed(other)
    task = farm.admin.getTaskInfo(other)
    error = farm.failure(farm.worker_task("wrapperRPM", url, target, build.info, task, {}))
    assert str(error).splitlines()[0].startswith("no output found for")
