"""What the former version has left is read, and it reads what this one leaves: upgrade, and the way back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.podman_service import PodmanService

FORMER = "d790527cf89e582364c904e33c3301dc10266bf6"
"""The last commit of version 0.1."""
PROJECT = Path(__file__).parents[3]

SPEC = """\
Name: lasting
Version: 1
Release: 1
Summary: A test
License: MIT
BuildArch: noarch
BuildRequires: zlib-devel
%description
A test.
%install
install -D -m 644 /dev/null %{buildroot}/usr/share/lasting
%files
/usr/share/lasting
"""
JOURNAL = """
import sys
from pathlib import Path
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.events import TaskEnded, TaskTaken
from koji_adjutant.monitoring.history import open_history
from koji_adjutant.monitoring.journal import FileJournal

path, task = database.path_in(Path(sys.argv[1])), int(sys.argv[2])
database.prepare(path)
journal = FileJournal(path)
journal.record(TaskTaken(task_id=task, method="buildArch", arch="x86_64"))
journal.record(TaskEnded(task_id=task, status="closed"))
journal.close()
with open_history(path) as history:
    print(*sorted(task.task_id for task in history.tasks()), *path.parent.glob("journal.sqlite.*"))
"""

Python = Callable[..., str]


def python(project: Path) -> Python:
    """Run the Python of this environment with the packages of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(project)}

    def run(*words: object) -> str:
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Python:
    there = subprocess.run(["git", "cat-file", "-e", FORMER], cwd=PROJECT, capture_output=True, check=False)
    if there.returncode != 0:
        pytest.skip("the former version is not in this checkout, which has no history")
    archive = ["git", "archive", FORMER, "koji_adjutant"]
    packed = subprocess.run(archive, cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout
    directory = tmp_path_factory.mktemp("former")
    subprocess.run(["tar", "--extract", f"--directory={directory}"], input=packed, check=True)
    run = python(directory)
    assert run("-c", "import koji_adjutant; print(koji_adjutant.__file__)").startswith(f"{directory}/")
    return run


@pytest.fixture(scope="module")
def present() -> Python:
    return python(PROJECT)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "lasting"
    source.mkdir()
    (source / "lasting.spec").write_text(SPEC)
    return source


@pytest.fixture
def state(state_dir: Path, tool_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that no other test has, with the same tool image."""
    state = tmp_path_factory.mktemp("state")
    image = state / "image.tar"
    _podman(state_dir, "save", "--quiet", "--output", image, tool_image)
    with open_engine(AdjutantOptions(state_dir=state)):
        _podman(state, "load", "--quiet", "--input", image)
    image.unlink()
    return state


def _podman(state: Path, *words: object) -> None:
    service = PodmanService(state)
    places = ["--root", service.directory / "storage", "--runroot", service.runroot]
    command = list(map(str, ["podman", *places, *words]))
    configuration = {"CONTAINERS_CONF": str(service.directory / "containers.conf")}
    subprocess.run(command, env=os.environ | configuration, stdout=subprocess.DEVNULL, check=True)


def test_a_cache_and_a_lock(
    former: Python,
    present: Python,
    source: Path,
    repo: Path,
    state: Path,
    tmp_path: Path,
) -> None:
    options = ["--state-dir", state]
    cli = ["-m", "koji_adjutant.cli"]

    def build(version: Python, results: str, *words: object) -> Path:
        version(*cli, "build", *words, "--resultdir", tmp_path / results, *options)
        assert (tmp_path / results / "lasting-1-1.noarch.rpm").exists()
        return tmp_path / results

    before = build(former, "before", source, "--repo", repo)
    after = build(present, "after", source, "--repo", repo)
    locks = [
        json.loads(path.read_text())
        for path in (before / "buildroot_lock.json", after / "adjutant_lock.json")
    ]
    assert locks[0]["installed"] == locks[1]["installed"]
    assert "found in the store" in (after / "root.log").read_text()

    srpm = next(before.glob("*.src.rpm"))
    build(present, "from-lock", srpm, "--lock", before / "buildroot_lock.json")
    build(former, "back", source, "--repo", repo)
    build(former, "back-from-lock", srpm, "--lock", after / "adjutant_lock.json")


def test_a_journal(former: Python, present: Python, tmp_path: Path) -> None:
    assert former("-c", JOURNAL, tmp_path, 1) == "1\n"
    assert present("-c", JOURNAL, tmp_path, 2) == "1 2\n"
    assert former("-c", JOURNAL, tmp_path, 3) == "1 2 3\n"
