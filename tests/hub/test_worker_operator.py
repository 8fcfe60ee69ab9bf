"""What the operator's commands say of a real worker's tasks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman


def adjutant(
    farm: Farm, command: str, *words: object, configuration: Path | None = None
) -> subprocess.CompletedProcess[str]:
    configuration = configuration or farm.directory / "kojid.conf"
    line = [sys.executable, "-m", "koji_adjutant.cli", command, "-c", str(configuration)]
    return subprocess.run([*line, *map(str, words)], capture_output=True, text=True, check=False)


def status(farm: Farm, *words: object) -> Any:
    result = adjutant(farm, "status", "--json", *words)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def failed(farm: Farm) -> int:
    """A buildArch task that failed in %build."""
    name = unique("broken")
    url = farm.publish(name, package(name, build="echo about to fail; echo 'in x;' > x.c; gcc -c x.c"))
    build = farm.build(url)
    farm.failure(build)
    return int(farm.children(build)["x86_64"]["id"])


def test_a_build_that_failed(farm: Farm, failed: int) -> None:
    assert failed in [task["task_id"] for task in status(farm, "--recent", 50)["recent"]]
    reported = status(farm, failed)
    assert reported["status"] == "failed"
    assert reported["failure"]["failure_class"] == "build"
    assert "unknown type name" in reported["failure"]["message"]
    assert next(phase["name"] for phase in reported["phases"]) == "chroot init"
    assert {container["status"] for container in reported["containers"]} == {"removed"}
    assert "about to fail" in adjutant(farm, "logs", failed).stdout
    # it has ended: nothing more is waited for
    assert "about to fail" in adjutant(farm, "logs", failed, "-f", "--name", "build.log").stdout


def test_a_shell_in_the_tag_s_latest_repo(farm: Farm, failed: int) -> None:  # which made sure of a repo
    result = adjutant(farm, "shell", farm.build_tag, "--", "rpm", "-q", "--queryformat", "%{NAME}\n", "gcc")
    assert (result.returncode, result.stdout) == (0, "gcc\n"), result.stderr


def test_the_failed_build_once_more(farm: Farm, failed: int) -> None:
    result = adjutant(
        farm, "replay", failed, "--", "bash", "-c", "rpmbuild -bb build/SPECS/*.spec; echo status $?"
    )
    assert result.returncode == 0, result.stderr
    assert "about to fail" in result.stdout
    assert "unknown type name" in result.stderr
    assert result.stdout.endswith("status 1\n")


def test_replay_on_another_machine(farm: Farm, failed: int, tmp_path: Path) -> None:
    """Where there are no logs of the task, its lock comes from the hub."""
    text = (farm.directory / "kojid.conf").read_text()
    (tmp_path / "kojid.conf").write_text(
        text.replace(str(farm.directory / "task-logs"), str(tmp_path / "task-logs"))
    )
    words = ("--step", "buildrequires", "--", "rpm", "-q", "--queryformat", "%{NAME}", "gcc")
    result = adjutant(farm, "replay", failed, *words, configuration=tmp_path / "kojid.conf")
    assert (result.returncode, result.stdout) == (0, "gcc"), result.stderr


def test_replay_of_a_task_without_a_buildroot(farm: Farm, failed: int) -> None:
    parent = farm.admin.getTaskInfo(failed)["parent"]
    result = adjutant(farm, "replay", parent)
    assert result.returncode == 1
    assert f"Task {parent} had no buildroot of its own; its subtasks have: " in result.stderr
    assert f"{failed} (buildArch, x86_64)" in result.stderr
    result = adjutant(farm, "replay", 2_000_000_000)
    assert result.returncode == 1
    assert "The hub says of task 2000000000: " in result.stderr


def test_tidying_up_beside_the_worker(farm: Farm) -> None:
    name = unique("slow")
    build = farm.build(farm.publish(name, package(name)))
    result = adjutant(farm, "gc")
    assert result.returncode == 0, result.stderr
    assert farm.finished(build) == "CLOSED"


class Laptop:
    """A packager's machine beside the worker: the hub is a profile of its koji client."""

    def __init__(self, farm: Farm, directory: Path) -> None:
        self.farm = farm
        self.results = directory / "results"
        (directory / ".koji").mkdir()
        (directory / ".koji" / "config").write_text(
            f"[farm]\nserver = {farm.hub.url}\ntopurl = {farm.hub.files_url}\n"
        )
        self.environment = {**os.environ, "HOME": str(directory), "KOJI_ADJUTANT_STATE_DIR": str(farm.state)}
        if farm.podman_socket:
            self.environment["KOJI_ADJUTANT_PODMAN_SOCKET"] = farm.podman_socket

    def __call__(self, command: str, *words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        hub = ["--target", self.farm.target, "--profile", "farm"]
        line = [sys.executable, "-m", "koji_adjutant.cli", command, *hub, *map(str, words)]
        return subprocess.run(
            line, input=typed, capture_output=True, text=True, check=False, env=self.environment
        )

    def build(self, source: Path, *words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        return self("build", source, "--resultdir", self.results, *words, typed=typed)


@pytest.fixture
def laptop(farm: Farm, tmp_path: Path) -> Laptop:
    return Laptop(farm, tmp_path)


SWITCHED = """\
Name: switched
Version: 1
Release: 1%{?mine}
Summary: Built with switches
License: MIT
BuildArch: noarch
%bcond_with extra
%bcond_without docs
%if %{with extra}
BuildRequires: zlib-devel
%endif
%description
A test.
%build
echo extra %{with extra}, docs %{with docs}, %{?farm_macro}, %{?more}
rpm -q --whatprovides zlib-devel popt-devel
%check
echo the check has run
exit 1
%files
"""


def test_a_target_s_buildroot_on_a_packager_s_machine(farm: Farm, laptop: Laptop, tmp_path: Path) -> None:
    """With what the farm's tag says; mock's switches count for BuildRequires, too."""
    farm.admin.editTag2(farm.build_tag, extra={"rpm.macro.farm_macro": "of the tag"})
    farm.closed(farm.worker_task("newRepo", farm.build_tag))
    (tmp_path / "switched").mkdir()
    (tmp_path / "switched" / "switched.spec").write_text(SWITCHED)
    switches = ["--with", "extra", "--without", "docs", "--nocheck", "--define", "mine .mine"]
    wanted = ["--install", "popt-devel", "--rpmbuild-opts", "--define 'more of rpmbuild'"]
    result = laptop.build(tmp_path / "switched", *switches, *wanted)
    assert result.returncode == 0, result.stderr
    assert (laptop.results / "switched-1-1.mine.noarch.rpm").exists()
    log = (laptop.results / "build.log").read_text()
    assert "extra 1, docs 0, of the tag, of rpmbuild" in log
    assert "no package provides" not in log
    assert "the check has run" not in log
    # the source package's buildroot has the group that the farm's has
    lock = json.loads((laptop.results / "srpm" / "adjutant_lock.json").read_text())
    assert lock["buildroot"]["group"] == "srpm-build"


def test_a_shell_where_a_build_has_failed(farm: Farm, laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "switched.spec").write_text(SWITCHED.replace("rpm -q", "true rpm -q"))
    typed = "id -un; ls build/SPECS\n"
    result = laptop.build(tmp_path / "source", "--shell", typed=typed)
    assert result.returncode == 6, result.stderr
    assert result.stdout.split()[:2] == ["mockbuild", "switched.spec"]
    assert result.stderr.count("Why (check): ") == 1
    assert "mock" not in result.stderr
    assert result.stderr.endswith("error building package (arch x86_64); see build.log\n")


def test_a_shell_in_a_target_s_buildroot(laptop: Laptop) -> None:
    result = laptop("shell", "--", "rpm", "-q", "--queryformat", "%{NAME}\n", "gcc")
    assert (result.returncode, result.stdout) == (0, "gcc\n"), result.stderr


def test_a_target_that_is_not_there(farm: Farm, laptop: Laptop, tmp_path: Path) -> None:
    result = laptop.build(tmp_path, "--target", "nowhere")
    assert result.returncode == 2
    assert f"The hub {farm.hub.url} has no build target nowhere." in result.stderr


CHAINED = """\
Name: {name}
Version: 1
Release: 1
Summary: One of a chain
License: MIT
BuildArch: noarch
{tags}
%description
A test.
%files
"""


def test_a_chain_of_packages(laptop: Laptop, tmp_path: Path) -> None:
    """Each needs the one before it; without --chain there is nothing that provides it."""
    sources = []
    for name, needed in (("first", ""), ("second", "first"), ("third", "second")):
        (tmp_path / name).mkdir()
        tags = f"BuildRequires: {needed}" if needed else ""
        (tmp_path / name / f"{name}.spec").write_text(CHAINED.format(name=name, tags=tags))
        sources.append(tmp_path / name)
    result = laptop.build(sources[0], *sources[1:], "--chain")
    assert result.returncode == 0, result.stderr
    for name in ("first", "second", "third"):
        assert (laptop.results / name / f"{name}-1-1.noarch.rpm").exists()
        assert f"{name}-1-1.noarch.rpm" in result.stdout
    assert "second-1-1.noarch" in (laptop.results / "third" / "installed_pkgs.log").read_text()
    result = laptop.build(sources[0], sources[1])
    assert result.returncode == 5, result.stderr
    assert "first" in result.stderr
    assert (laptop.results / "first" / "first-1-1.noarch.rpm").exists()
