"""The coordinating tasks make, call by call and argument by argument, the hub calls of a stock builder."""

from __future__ import annotations

import signal
from pathlib import Path

import koji
import pytest

from koji_adjutant.config import KojidOptions
from tests.support.recorded_hub import Replay, play
from tests.support.rpm_headers import write_srpm


@pytest.fixture(autouse=True)
def _subtasks_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "pause", lambda: None)


def upload(topdir: Path, path: str) -> None:
    name, version, release = Path(path).name.removesuffix(".src.rpm").split("-")
    write_srpm(topdir / "work" / path, name, version, release)


@pytest.mark.parametrize(
    ("task_id", "srpm"),
    [
        pytest.param(1, "tasks/5/5/hello-1.0-1.src.rpm", id="from SRPM, after waiting for a repo"),
        pytest.param(10, "tasks/12/12/hello-1.0-2.src.rpm", id="from SCM"),
        pytest.param(11, "tasks/13/13/hello-1.0-1.src.rpm", id="scratch"),
    ],
)
def test_build(task_id: int, srpm: str, options: KojidOptions, topdir: Path) -> None:
    upload(topdir, srpm)
    result, hub = play(task_id, options)
    assert result is None
    assert hub.expected == []


def test_build_that_exists_already(options: KojidOptions, topdir: Path) -> None:
    upload(topdir, "tasks/20/20/hello-1.0-1.src.rpm")
    with pytest.raises(koji.GenericError, match="Build already exists"):
        play(18, options)


@pytest.mark.parametrize("task_id", [pytest.param(3, id="first"), pytest.param(8, id="after another")])
def test_newrepo(task_id: int, options: KojidOptions, topdir: Path) -> None:
    repo_id, event = Replay.of_task(task_id).answer_to("host.repoInit")
    arch = topdir / "repos" / "dist-test-build" / str(repo_id) / "x86_64"
    arch.mkdir(parents=True)
    (arch / "pkglist").touch()
    (arch.parent / "groups").mkdir()
    made, hub = play(task_id, options)
    assert made == (repo_id, event)
    assert hub.expected == []


def test_tag_build(options: KojidOptions) -> None:
    result, hub = play(7, options)
    assert result is None
    assert hub.expected == []
