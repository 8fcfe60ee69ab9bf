"""The hub says which image a task gets: in a tag's extra, set with the stock client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.images.recipe import DEFAULT_REFERENCE
from tests.hub.builder import ARCH
from tests.hub.client import Client
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module")
def images(farm: Farm) -> Iterator[tuple[str, str]]:
    """Two further names of the tool image."""
    engine = farm.engine
    assert isinstance(engine, PodmanManager)
    names = (f"localhost/{unique('tools')}:1", f"localhost/{unique('tools')}:2")
    for name in names:
        engine.images.tag(DEFAULT_REFERENCE, name)
    yield names
    for name in names:
        engine.images.remove(name)


@pytest.fixture
def client(farm: Farm, tmp_path: Path) -> Client:
    return Client(farm.hub, farm.hub.admin, tmp_path)


def policy(*rules: dict[str, str]) -> str:
    return json.dumps({"version": "1.0", "rules": list(rules)})


def set_policy(client: Client, tag: str, text: str) -> None:
    client("edit-tag", tag, "-x", f"adjutant_image_policy={text}")


def new_tag(farm: Farm, parent: str) -> str:
    tag = unique("policy")
    farm.admin.createTag(tag, parent, arches=ARCH)
    return tag


def make_repo(farm: Farm, tag: str) -> tuple[int, int]:
    """A repo of the tag, and the createrepo task that made it."""
    task = farm.worker_task("newRepo", tag)
    repo, _event = farm.closed(task)
    return int(repo), int(farm.children(task)[ARCH]["id"])


def make_srpm(farm: Farm, tag: str, repo: int) -> int:
    """The buildSRPMFromSCM task that did it."""
    name = unique("hello")
    task = farm.worker_task("buildSRPMFromSCM", farm.publish(name, package(name)), tag, {"repo_id": repo})
    farm.closed(task)
    return task


def buildroot_json(farm: Farm, task: int) -> dict[str, Any]:
    """The task's buildroot.json."""
    document: dict[str, Any] = json.loads(farm.log(task, "buildroot.json"))
    return document


def test_a_policy_of_the_tag_itself(farm: Farm, client: Client, images: tuple[str, str]) -> None:
    tag = new_tag(farm, farm.build_tag)
    task_type = {"type": "task_type", "task_type": "createrepo", "image": images[1]}
    set_policy(client, tag, policy({"type": "default", "image": images[0]}, task_type))
    repo, createrepo = make_repo(farm, tag)
    srpm = make_srpm(farm, tag, repo)

    document = buildroot_json(farm, createrepo)
    assert document["image"]["reference"] == images[1]
    assert (document["tag"], document["arch"], document["repo_id"]) == (tag, ARCH, repo)
    document = buildroot_json(farm, srpm)
    assert document["image"]["reference"] == images[0]
    assert document["policy"]["source"] == "tag"
    assert document["policy"]["rule"] == {"position": 1, "type": "default"}
    (root,) = farm.admin.listBuildroots(taskID=srpm)
    assert document["buildroot"]["id"] == root["id"]
    listed = {rpm["payloadhash"] for rpm in farm.admin.listRPMs(componentBuildrootID=root["id"])}
    assert {one["payloadhash"] for one in document["packages"]} == listed
    image_id = document["image"]["id"]
    for name in ("container.log", "root.log"):
        assert f"Image {images[0]}, chosen by rule 1 (default) of the image policy of tag {tag}" in farm.log(
            srpm, name
        )
        assert f"Image {images[0]} is {image_id}" in farm.log(srpm, name)
    assert f" {image_id} " in farm.log(srpm, "container.log")


def test_an_inherited_policy(farm: Farm, client: Client, images: tuple[str, str]) -> None:
    parent = new_tag(farm, farm.build_tag)
    tag = new_tag(farm, parent)
    set_policy(client, parent, policy({"type": "tag", "tag": tag, "image": images[0]}))
    _repo, createrepo = make_repo(farm, tag)
    document = buildroot_json(farm, createrepo)
    assert document["image"]["reference"] == images[0]
    assert (document["policy"]["source"], document["policy"]["tag"]) == ("inherited", parent)


def test_a_broken_policy_and_its_mending(farm: Farm, client: Client, images: tuple[str, str]) -> None:
    tag = new_tag(farm, farm.build_tag)
    set_policy(client, tag, policy({"type": "tag", "tag": tag}))
    repo, createrepo = make_repo(farm, tag)
    set_policy(client, tag, policy({"type": "tag", "tag": tag, "image": images[0]}))
    srpm = make_srpm(farm, tag, repo)

    document = buildroot_json(farm, createrepo)
    sentence = f"adjutant_image_policy of tag {tag}: rule 1 (tag) has no image"
    assert document["image"]["reference"] == farm.image
    assert (document["policy"]["source"], document["policy"]["warning"]) == (
        "fallback",
        f"{sentence}; the image is task_image_default",
    )
    assert f"warning: {sentence}" in farm.log(createrepo, "createrepo.log")
    assert buildroot_json(farm, srpm)["image"]["reference"] == images[0]


def test_an_image_that_is_not_there(farm: Farm, client: Client) -> None:
    tag = new_tag(farm, farm.build_tag)
    set_policy(client, tag, policy({"type": "default", "image": "localhost/nowhere:1"}))
    task = farm.worker_task("newRepo", tag)
    farm.failure(task)
    error = farm.failure(farm.children(task)[ARCH]["id"])
    assert error.faultCode == koji.BuildrootError.faultCode
    assert "the image localhost/nowhere:1 is not in podman's storage" in str(error)
    assert f"it was chosen by rule 1 (default) of the image policy of tag {tag}" in str(error)


def resolve(farm: Farm, tag: str, *options: str) -> subprocess.CompletedProcess[str]:
    """``koji-adjutant policy resolve`` with the worker's configuration."""
    command = [sys.executable, "-m", "koji_adjutant.cli", "policy", "resolve"]
    command += ["-c", str(farm.directory / "kojid.conf"), "--tag", tag, "--arch", ARCH]
    command += ["--task-type", "buildArch", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_explaining_a_policy_before_a_task_needs_it(farm: Farm, client: Client) -> None:
    parent = new_tag(farm, farm.build_tag)
    tag = new_tag(farm, parent)
    rules = [
        {"type": "default", "image": "tools:1"},
        {"type": "tag_arch", "tag": tag, "arch": "s390x", "image": "tools:2"},
        {"type": "tag", "tag": tag, "image": "tools:3"},
    ]
    set_policy(client, parent, policy(*rules))
    done = resolve(farm, tag)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        f"buildArch for {tag}, {ARCH}: tools:3".split(),
        f"chosen by rule 3 (tag {tag}) of the image policy of tag {parent}, which {tag} inherits".split(),
        f"rule 2 (tag_arch {tag} s390x) tools:2 not for arch {ARCH}".split(),
        f"rule 3 (tag {tag}) tools:3 taken".split(),
        ["rule", "1", "(default)", "tools:1", "counts", "less"],
    ]
    document = json.loads(resolve(farm, tag, "--json").stdout)
    assert (document["image"], document["rule"], document["policy_tag"]) == ("tools:3", 3, parent)


def test_explaining_what_is_wrong(farm: Farm, client: Client) -> None:
    tag = new_tag(farm, farm.build_tag)
    set_policy(client, tag, '{"version": "0.9", "rules": []}')
    done = resolve(farm, tag)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f'koji-adjutant: adjutant_image_policy of tag {tag}: its version must be "1.0", not "0.9"\n'
    )
    missing = resolve(farm, unique("missing"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("koji-adjutant: the hub did not give the image policy of tag missing-")
