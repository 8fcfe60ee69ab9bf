"""Locks: builds that are done once more, and looked into, when their repository is gone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.specification.lock import NAME, read_lock
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from tests.integration.buildroot.fixtures import spec
from tests.support.http_server import QuietFiles, serving
from tests.support.terminal import run_on_terminal

Result = subprocess.CompletedProcess[str]


class Asked(QuietFiles):
    """Remembers each question."""

    questions: list[str]

    def __init__(self, *args: Any, questions: list[str], **options: Any) -> None:
        self.questions = questions
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        self.questions.append(path)
        return super().translate_path(path)


class Place:
    """A repository behind HTTP that can be taken away, and what is built from it."""

    def __init__(self, top: Path, url: str, questions: list[str], state_dir: Path) -> None:
        self.top = top
        self.url = url
        self.questions = questions
        self.state_dir = state_dir
        self._count = 0
        self.first = Path()
        """Results of a build from the repository."""

    def __call__(self, command: str, *words: object) -> Result:
        return subprocess.run(self.line(command, *words), capture_output=True, text=True, check=False)

    def line(self, command: str, *words: object) -> list[str]:
        return [
            *(sys.executable, "-m", "koji_adjutant.cli"),
            *map(str, (command, "--state-dir", self.state_dir, *words)),
        ]

    def build(self, source: Path, *options: object) -> tuple[Result, Path]:
        self._count += 1
        results = self.top / f"results-{self._count}"
        return self("build", source, "--resultdir", results, *options), results

    def fetch(self) -> Result:
        return self("cache", "fetch", self.lock)

    @property
    def lock(self) -> Path:
        return self.first / NAME

    def changed_lock(self, change: Callable[[Any], object]) -> Path:
        document = json.loads(self.lock.read_text())
        change(document)
        path = self.top / "changed.json"
        path.write_text(json.dumps(document))
        return path

    def package(self, name: str, requires: str) -> Path:
        """A spec file's directory; what is built wants headers of libyaml, and of zlib by a generated
        requirement.
        """
        directory = self.top / name
        directory.mkdir()
        text = spec(
            name,
            f"BuildArch: noarch\nBuildRequires: {requires}\n",
            prep="true",
            generate_buildrequires="echo zlib-devel",
            build="test -f /usr/include/yaml.h\ntest -f /usr/include/zlib.h",
        )
        (directory / f"{name}.spec").write_text(text)
        return directory

    def repository(self, there: bool) -> None:
        shown, hidden = self.top / "served" / "repo", self.top / "hidden"
        if there != shown.exists():
            (hidden if there else shown).rename(shown if there else hidden)

    def forget(self, *, packages: bool) -> None:
        """Remove the lock's layers from the cache, and the packages that they are made of."""
        cache = Cache(self.state_dir)
        for key in {step.key for step in read_lock(self.lock).steps}:
            assert cache.store.remove(key)
        if packages:
            cache.packages.evict(0)


@pytest.fixture(scope="module")
def place(repo: Path, engine: PodmanManager, tool_image: str, state_dir: Path) -> Iterator[Place]:
    """A build was done here, and its repository is gone."""
    top = Path(tempfile.mkdtemp(prefix="adjutant-test-", dir="/var/tmp"))
    shutil.copytree(repo, top / "served" / "repo", copy_function=os.symlink)
    questions: list[str] = []
    handler = partial(Asked, questions=questions, directory=str(top / "served"))
    try:
        with serving(handler) as url:
            place = Place(top, f"{url}/repo", questions, state_dir)
            result, place.first = place.build(place.package("needing", "libyaml-devel"), "--repo", place.url)
            assert result.returncode == 0, result.stderr
            place.repository(there=False)
            assert questions
            yield place
    finally:
        shutil.rmtree(top)


@pytest.fixture(autouse=True)
def nothing_is_left(place: Place, engine: PodmanManager) -> Iterator[None]:
    yield
    containers = engine.list_containers({f"{LABEL_PREFIX}role": "build"})
    assert not [one for one in containers if one.labels[f"{LABEL_PREFIX}task_id"].startswith("local-")]
    assert list((place.state_dir / "work").glob("local-*")) == []


def srpm_of(results: Path) -> Path:
    (srpm,) = results.glob("*.src.rpm")
    return srpm


def roles(results: Path) -> set[str]:
    """What containers were there for."""
    lines = (results / "container.log").read_text().splitlines()
    return {line.split(", ")[1] for line in lines if ", container " in line}


def test_what_a_lock_has(place: Place) -> None:
    lock = read_lock(place.lock)
    assert [sorted(step.wanted.words()) for step in lock.steps] == [
        ["@build"],
        ["libyaml-devel"],
        ["libyaml-devel", "zlib-devel"],
    ]
    # the distribution's package that provides it
    assert "zlib1g-dev" in {package.nevra.rsplit("-", 2)[0] for package in lock.steps[2].plan.install}
    installed = (place.first / "installed_pkgs.log").read_text().splitlines()
    assert sorted(lock.installed) == sorted(line.split()[0] for line in installed)
    document = json.loads(place.lock.read_text())
    package = document["steps"][1]["install"][0]
    assert package["urls"] == [f"{place.url}/{quote(package['location'])}"]
    # the source package was made in the same base
    base = read_lock(place.first / "srpm" / NAME)
    assert base.steps == lock.steps[:1]


@pytest.fixture
def nobody_is_asked(place: Place) -> Iterator[None]:
    place.questions.clear()
    yield
    assert place.questions == []


@pytest.mark.usefixtures("nobody_is_asked")
def test_a_build_is_done_again(place: Place) -> None:
    result, results = place.build(srpm_of(place.first), "--lock", place.lock)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in results.glob("*.noarch.rpm")] == ["needing-1-1.noarch.rpm"]
    assert json.loads((results / NAME).read_text()) == json.loads(place.lock.read_text())
    assert roles(results) == {"build"}


@pytest.mark.usefixtures("nobody_is_asked")
def test_without_layers_the_packages_do(place: Place) -> None:
    place.forget(packages=False)
    result, results = place.build(place.top / "needing", "--lock", place.lock)
    assert result.returncode == 0, result.stderr
    assert json.loads((results / NAME).read_text()) == json.loads(place.lock.read_text())
    assert "resolve" not in roles(results) | roles(results / "srpm")


def test_missing_packages_are_named_and_fetched(place: Place) -> None:
    place.forget(packages=True)
    result, results = place.build(srpm_of(place.first), "--lock", place.lock)
    assert result.returncode == 11
    packages = read_lock(place.lock).packages()
    assert f"{len(packages)} packages of the lock are not on this machine" in result.stderr
    assert "`koji-adjutant cache fetch LOCK`" in result.stderr
    assert {package.nevra for package in packages} <= set(result.stderr.split())
    assert not (results / "build.log").exists()

    # not available where they came from, either
    result = place.fetch()
    assert result.returncode == 8
    assert f"there is no {place.url}/" in result.stderr

    place.repository(there=True)
    result = place.fetch()
    place.repository(there=False)
    assert result.returncode == 0, result.stderr
    assert f"; {len(packages)} were downloaded" in result.stdout
    assert "; 0 were downloaded" in place.fetch().stdout
    result, _ = place.build(srpm_of(place.first), "--lock", place.lock)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "requires", "sentence"),
    [
        ("more", "libyaml-devel, patch", "what is built needs patch, which the lock does not have"),
        ("less", "gcc", "the lock has libyaml-devel, which is not needed now"),
    ],
)
def test_other_requirements_are_refused(place: Place, name: str, requires: str, sentence: str) -> None:
    result, results = place.build(place.package(name, requires), "--lock", place.lock)
    assert result.returncode == 11
    assert sentence in result.stderr.splitlines()[-1]
    assert "rpmbuild -bb" not in (results / "build.log").read_text()
    assert "rpmbuild -ba" not in (results / "build.log").read_text()
    # a lock is there however far a build has come
    assert read_lock(results / NAME).steps == read_lock(place.lock).steps[:1]


def other_image(document: Any) -> None:
    document["tool_image"]["digest"] = "sha256:0"


def other_machine(document: Any) -> None:
    document["machine"] = "pdp11"


def other_key(document: Any) -> None:
    document["steps"][1]["key"] = "0" * 64


def other_contents(document: Any) -> None:
    document["installed"].popitem()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (other_image, "the lock's root was made by the tool image sha256:0, and this one is sha256:"),
        (other_machine, "the lock is of a machine that is pdp11, and this is "),
        (other_key, f"the lock's root {'0' * 64} would be "),
        (other_contents, "installed is not what the lock says: "),
    ],
)
def test_another_root_is_refused(place: Place, change: Callable[[Any], None], sentence: str) -> None:
    result, results = place.build(srpm_of(place.first), "--lock", place.changed_lock(change))
    assert result.returncode == 11
    assert sentence in result.stderr.splitlines()[-1]
    assert not list(results.glob("*.rpm"))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("base", ["mockbuild", "lo"]),
        ("buildrequires", ["mockbuild", "lo", "/usr/include/yaml.h", "/usr/include/zlib.h"]),
        (
            "end",
            [
                "mockbuild",
                "lo",
                "/builddir/build/SPECS/needing.spec",
                "/usr/include/yaml.h",
                "/usr/include/zlib.h",
            ],
        ),
    ],
)
def test_replay(place: Place, step: str, said: list[str]) -> None:
    script = (
        "id -un; ls /sys/class/net; ls /builddir/build/SPECS/* /usr/include/{yaml,zlib}.h 2>/dev/null; exit 7"
    )
    result = place("replay", place.first, "--step", step, "--", "bash", "-c", script)
    assert result.returncode == 7, result.stderr
    assert result.stdout.splitlines() == said


def test_replay_fetches_what_is_missing(place: Place) -> None:
    place.forget(packages=True)
    place.repository(there=True)
    result = place("replay", place.first, "--step", "buildrequires", "--", "ls", "/usr/include/yaml.h")
    place.repository(there=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "/usr/include/yaml.h\n"
    assert "Downloading " in result.stderr


def test_replay_of_a_task_on_a_terminal(place: Place, kojid_conf: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs" / "41"
    logs.mkdir(parents=True)
    shutil.copy(place.lock, logs)
    line = place.line("replay", "41", "--config", kojid_conf, "--srpm", srpm_of(place.first))
    status, seen = run_on_terminal(line, b"test -t 0 && ls build/SPECS | tr a-z A-Z\nexit 3\n")
    assert status == 3
    assert b"NEEDING.SPEC" in seen


def test_replay_of_what_is_not_there(place: Place, kojid_conf: Path, tmp_path: Path) -> None:
    result = place("replay", "42", "--config", kojid_conf)
    assert "The hub cannot be reached at http://127.0.0.1:1/kojihub" in result.stderr.splitlines()[-1]
    assert f"There is no lock {tmp_path}/{NAME}" in place("replay", tmp_path).stderr
    assert "nothing is neither a task's number nor a directory" in place("replay", "nothing").stderr
