"""A worker's configuration, directories and journal, without a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import koji
import pytest
from click.testing import CliRunner, Result

from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Failure, Resources

CONTAINER = "c" * 64


@dataclass(frozen=True)
class Machine:
    """Where a worker keeps its things; ``open_files`` are closed with the test."""

    directory: Path
    open_files: ExitStack

    @property
    def config(self) -> Path:
        return self.directory / "kojid.conf"

    @property
    def state_dir(self) -> Path:
        return self.directory / "state"

    @property
    def log_dir(self) -> Path:
        return self.directory / "logs"

    @property
    def claims(self) -> TaskClaims:
        return TaskClaims(self.state_dir)

    def journal(self) -> FileJournal:
        path = database.path_in(self.state_dir)
        database.prepare(path)
        return self.open_files.enter_context(closing(FileJournal(path)))

    def running_logs(self, task_id: int) -> Path:
        """Made, as a running task has it."""
        directory = Path(self.directory, "work", koji.pathinfo.taskrelpath(task_id), "result")
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def kept_logs(self, task_id: int) -> Path:
        directory = self.log_dir / str(task_id)
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def run(self, command: click.Command, *arguments: object) -> Result:
        words = [*map(str, arguments), "-c", str(self.config)]
        return CliRunner().invoke(command, words)

    def json(self, command: click.Command, *arguments: object) -> Any:
        result = self.run(command, *arguments, "--json")
        assert result.exit_code == 0, result.exception
        return json.loads(result.stdout)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as open_files:
        yield _machine(tmp_path, open_files)


def _machine(tmp_path: Path, open_files: ExitStack) -> Machine:
    made = Machine(tmp_path, open_files)
    for name in ("work", "state", "logs"):
        (tmp_path / name).mkdir()
    made.config.write_text(
        "[kojid]\nserver = http://hub/kojihub\ntopurl = http://hub/kojifiles\n"
        f"workdir = {tmp_path}/work\ntopdir = {tmp_path}/topdir\n"
        f"[adjutant]\nstate_dir = {tmp_path}/state\nlog_dir = {tmp_path}/logs\n"
        f"log_file = {tmp_path}/kojid.log\n"
    )
    return made


def record_failed_build(journal: FileJournal, task_id: int = 7) -> None:
    """A buildArch task that failed in %build, with all that a journal can hold."""
    tell = journal.record
    tell(
        events.TaskTaken(
            task_id=task_id,
            method="buildArch",
            arch="x86_64",
            tag="f39-build",
            source="hello-1-1.src.rpm",
            at=100.0,
        )
    )
    tell(events.ImageResolved(task_id=task_id, image="tools:latest", digest="sha256:1"))
    tell(events.CacheUsed(task_id=task_id, kind="root", key="a1b2", hit=True))
    tell(events.PhaseStarted(task_id=task_id, number=0, depth=0, name="chroot init", at=101.0))
    tell(events.PhaseEnded(task_id=task_id, number=0, ok=True, at=103.5))
    tell(events.PhaseStarted(task_id=task_id, number=1, depth=0, name="build phase", at=104.0))
    tell(
        events.ContainerCreated(
            container_id=CONTAINER,
            task_id=str(task_id),
            name="adjutant-7-build-1",
            role="build",
            image=None,
            image_digest=None,
            command=["/bin/true"],
            workdir="/builddir",
            user="0:0",
            network="none",
        )
    )
    tell(events.ContainerExited(container=CONTAINER, exit_code=10))
    tell(events.Uploaded(task_id=task_id, size=2_000_000))
    used = Resources(
        cpu_seconds=12.5, memory_peak=300_000_000, bytes_read=1, bytes_written=2_000, pids_peak=9
    )
    tell(events.ResourcesUsed(task_id=task_id, resources=used))
    tell(events.PhaseEnded(task_id=task_id, number=1, ok=False, at=190.0))
    failure = Failure(
        "build",
        "in %build: x.c:1:1: error: [bold]no",
        ("x.c: In function", "x.c:1:1: \x1b]0;evil\x07"),
        "build.log",
        4096,
    )
    tell(events.TaskEnded(task_id=task_id, status="failed", failure=failure, at=191.0))
