"""What a build's provenance and bill of materials show to somebody who has only what the hub has."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from koji_adjutant.cli import cli
from koji_adjutant.provenance.evidence import PROVENANCE, SBOM, SIGNED, SOURCE_SIGNED
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.test_worker_operator import adjutant
from tests.hub.wire import TIMEOUT

pytestmark = pytest.mark.podman


@dataclass(frozen=True)
class Built:
    """A build from git, and its two tasks that made packages, by label."""

    nvr: str
    url: str
    commit: str
    tasks: dict[str, int]


@pytest.fixture(scope="module")
def built(farm: Farm) -> Built:
    name = unique("proven")
    url = farm.publish(name, package(name, tags="BuildRequires: popt-devel"))
    task = farm.build(url)
    assert farm.closed(task) is None
    tasks = {label: child["id"] for label, child in farm.children(task).items() if label != "tag"}
    (info,) = farm.admin.listTagged(farm.tag, package=name)
    source = farm.admin.getTaskResult(tasks["srpm"])["source"]["source"]
    return Built(info["nvr"], source.partition("#")[0], source.rpartition("#")[2], tasks)


def document(farm: Farm, task: int, name: str = PROVENANCE) -> Any:
    return json.loads(farm.admin.downloadTaskOutput(task, name))


def dependencies(farm: Farm, task: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(farm, task)["predicate"]["buildDefinition"]["resolvedDependencies"]
    return found


def fetched(farm: Farm, task: int, name: str, directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_bytes(farm.admin.downloadTaskOutput(task, name))
    return path


def verified(farm: Farm, built: Built, place: Path, rpm: Path, *words: str) -> tuple[int, str]:
    """With what is among the logs of the build, and the public key."""
    logs = {(log["dir"], log["name"]): log["path"] for log in farm.admin.getBuildLogs(built.nvr)}
    given = []
    for name in (SIGNED, SOURCE_SIGNED):
        (place / name).write_bytes(
            requests.get(f"{farm.hub.files_url}/{logs['x86_64', name]}", timeout=TIMEOUT).content
        )
        given += ["--provenance", str(place / name)]
    key = str(farm.directory / "provenance.pub")
    result = CliRunner().invoke(cli, ["verify-provenance", "--key", key, *given, *words, str(rpm)])
    return result.exit_code, result.output


def test_every_package_leads_back_to_its_commit(farm: Farm, built: Built, tmp_path: Path) -> None:
    task = built.tasks["x86_64"]
    result = farm.admin.getTaskResult(task)
    for path in (*result["rpms"], *result["srpms"]):
        rpm = fetched(farm, task, Path(path).name, tmp_path)
        expected = ("--tag", farm.build_tag, "--source", built.url)
        code, said = verified(farm, built, tmp_path, rpm, *expected)
        assert (code, said[:6]) == (0, "ok    "), said
        assert f"?task={task}" in said
        assert f"gitCommit {built.commit}" in said


def test_another_build_s_package_is_refused(farm: Farm, built: Built, tmp_path: Path) -> None:
    task = built.tasks["x86_64"]
    name = Path(farm.admin.getTaskResult(task)["rpms"][0]).name
    rpm = fetched(farm, task, name, tmp_path)
    rpm.write_bytes(rpm.read_bytes()[:-1] + b"?")
    code, said = verified(farm, built, tmp_path, rpm)
    assert code == 13
    assert "no provenance given is about" in said


@pytest.mark.parametrize("label", ["srpm", "x86_64"])
def test_the_buildroot_is_the_one_that_the_hub_knows(farm: Farm, built: Built, label: str) -> None:
    task = built.tasks[label]
    root = farm.admin.getTaskResult(task)["brootid"]
    known = {
        f"{rpm['name']}-{rpm['version']}-{rpm['release']}"
        for rpm in farm.admin.listRPMs(componentBuildrootID=root)
    }
    bill = document(farm, task, SBOM)
    listed = [package for package in bill["packages"] if package["SPDXID"].startswith("SPDXRef-Buildroot-")]
    names = {f"{one['name']}-{one['versionInfo'].rpartition(':')[2]}" for one in listed}
    assert names == known
    packages = [one for one in dependencies(farm, task) if "annotations" not in one and "uri" in one]
    assert len(packages) == len(known)


def test_packages_of_the_buildroot_are_there_by_checksum(farm: Farm, built: Built) -> None:
    packages = [one for one in dependencies(farm, built.tasks["x86_64"]) if one["name"].startswith("lib")]
    assert packages
    for one in packages[:5]:
        content = requests.get(one["uri"], timeout=TIMEOUT).content
        assert one["digest"] == {"sha256": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("label", ["srpm", "x86_64"])
def test_logs_are_those_of_the_hub(farm: Farm, built: Built, label: str) -> None:
    task = built.tasks[label]
    listed = document(farm, task)["predicate"]["runDetails"]["byproducts"]
    assert {"build.log", "adjutant_lock.json", "buildroot_lock.json"} <= {log["name"] for log in listed}
    for log in listed:
        content = farm.admin.downloadTaskOutput(task, log["name"])
        assert log["digest"] == {"sha256": hashlib.sha256(content).hexdigest()}, log["name"]


def test_they_are_among_the_build_s_logs(farm: Farm, built: Built) -> None:
    logs = {(log["dir"], log["name"]) for log in farm.admin.getBuildLogs(built.nvr)}
    assert {("x86_64", name) for name in (PROVENANCE, SIGNED, SBOM, SOURCE_SIGNED)} <= logs


def test_a_rebuilt_source_package_leads_to_the_one_that_was_given(farm: Farm, built: Built) -> None:
    given = farm.admin.getTaskResult(built.tasks["srpm"])["srpm"]
    content = farm.admin.downloadTaskOutput(built.tasks["srpm"], Path(given).name)
    task = farm.worker_task(
        "rebuildSRPM", given, farm.build_tag, {"repo_id": farm.admin.getRepo(farm.build_tag)["id"]}
    )
    farm.closed(task)
    (source,) = [one for one in dependencies(farm, task) if "source" in one.get("annotations", {})]
    assert source["digest"] == {"sha256": hashlib.sha256(content).hexdigest()}
    assert source["uri"] == f"{farm.hub.files_url}/work/{given}"


def test_the_packages_come_out_the_same_once_more(farm: Farm, built: Built) -> None:
    """On another machine than the builder's: with nothing but what the hub has."""
    result = adjutant(farm, "compare", built.tasks["x86_64"])
    assert result.returncode == 0, result.stdout + result.stderr
    *packages, last = result.stdout.splitlines()
    made = [Path(path).name for path in farm.admin.getTaskResult(built.tasks["x86_64"])["rpms"]]
    assert [line.split()[1].rstrip(",") for line in packages] == sorted(made)
    assert last == f"{len(made)} of {len(made)} packages came out the same"


@pytest.mark.parametrize(
    ("label", "sentence"), [("srpm", "is a buildSRPMFromSCM: "), ("tag", "had no buildroot of its own")]
)
def test_only_builds_are_compared(farm: Farm, built: Built, label: str, sentence: str) -> None:
    task = built.tasks.get(label) or farm.admin.getBuild(built.nvr)["task_id"]
    result = adjutant(farm, "compare", task)
    assert result.returncode != 0
    assert sentence in result.stderr.splitlines()[-1]


def test_no_container_had_a_network(farm: Farm, built: Built) -> None:
    isolation = document(farm, built.tasks["x86_64"])["predicate"]["buildDefinition"]["internalParameters"]
    assert isolation["isolation"]["network"] == "none"
    assert isolation["isolation"]["mounts"] == []
