"""The process that makes roots ready: when it runs, and that it leaves the worker alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.buildroot.recent import RecentRoot, RecentRoots
from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon import prewarm
from koji_adjutant.daemon.prewarm import Prewarmer, make_ready
from tests.unit.worker.scripted import ScriptedHub

ROOT = RecentRoot("f39-build", "x86_64", "build")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(prewarmer: Prewarmer) -> bool:
    prewarmer.tend(idle=False)
    return prewarmer._pid is None


def noting(path: Path) -> Callable[[KojidOptions], None]:
    """A process that says that it ran, how nice it was and whether it hears Ctrl-C."""

    def note(_options: KojidOptions) -> None:
        heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        with path.open("a") as file:
            file.write(f"{os.getpriority(os.PRIO_PROCESS, 0)} {heard} {os.getpid() == os.getpgrp()}\n")

    return note


def test_once_and_again_after_a_while(
    options: KojidOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    prewarmer = Prewarmer(options, noting(said))
    prewarmer.tend(idle=False)
    assert prewarmer._pid is None
    prewarmer.tend(idle=True)
    until(lambda: said.exists() and said.read_text().endswith("\n"))
    assert said.read_text() == "19 False True\n"
    prewarmer.tend(idle=True)  # not so soon
    until(lambda: ended(prewarmer))
    assert said.read_text().count("\n") == 1
    monkeypatch.setattr(prewarm, "PAUSE", 0)
    prewarmer._not_before = 0
    prewarmer.tend(idle=True)
    until(lambda: said.read_text().count("\n") == 2)
    prewarmer.stop()


def test_one_at_a_time_and_ended_with_the_worker(options: KojidOptions, tmp_path: Path) -> None:
    started = tmp_path / "started"

    def endless(_options: KojidOptions) -> None:
        started.touch()
        time.sleep(600)

    prewarmer = Prewarmer(options, endless)
    prewarmer.tend(idle=True)
    until(started.exists)
    pid = prewarmer._pid
    prewarmer._not_before = 0
    prewarmer.tend(idle=True)
    assert prewarmer._pid == pid
    prewarmer.stop()
    assert prewarmer._pid is None
    with pytest.raises(ChildProcessError):
        os.waitpid(pid or 0, 0)
    prewarmer.stop()


def test_what_goes_wrong_in_it_does_not_matter(options: KojidOptions) -> None:
    def failing(_options: KojidOptions) -> None:
        raise RuntimeError("a bug")

    prewarmer = Prewarmer(options, failing)
    prewarmer.tend(idle=True)
    until(lambda: ended(prewarmer))


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The repos that roots were composed for."""
    repos: list[int] = []
    monkeypatch.setattr(prewarm, "_compose", lambda _options, _session, _root, repo: repos.append(repo["id"]))
    return repos


def hub(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> ScriptedHub:
    scripted = ScriptedHub(**answers)
    monkeypatch.setattr(prewarm, "impatient_session", lambda _options: scripted)
    return scripted


def test_a_new_repo_is_made_ready_for_once(
    options: KojidOptions, monkeypatch: pytest.MonkeyPatch, composed: list[int]
) -> None:
    RecentRoots(options.adjutant.state_dir / "recent").note(ROOT)
    session = hub(monkeypatch, getRepo={"id": 7})
    make_ready(options)
    make_ready(options)
    assert composed == [7]
    # one call for each look
    assert session.methods() == ["getRepo", "getRepo"]
    hub(monkeypatch, getRepo={"id": 8})
    make_ready(options)
    assert composed == [7, 8]


def test_a_tag_without_a_repo(
    options: KojidOptions, monkeypatch: pytest.MonkeyPatch, composed: list[int]
) -> None:
    RecentRoots(options.adjutant.state_dir / "recent").note(ROOT)
    hub(monkeypatch, getRepo=None)
    make_ready(options)
    assert composed == []


def test_trouble_with_one_is_told_and_others_are_made(
    options: KojidOptions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recent = RecentRoots(options.adjutant.state_dir / "recent")
    recent.note(ROOT)
    recent.note(RecentRoot("f40-build", "x86_64", "build"))
    hub(monkeypatch, getRepo={"id": 7})
    tried = []

    def compose(_options: KojidOptions, _session: Any, root: RecentRoot, _repo: Any) -> None:
        tried.append(root.tag)
        raise koji.GenericError("no such thing")

    monkeypatch.setattr(prewarm, "_compose", compose)
    make_ready(options)
    assert sorted(tried) == ["f39-build", "f40-build"]
    assert caplog.text.count("No root was made ready for build of") == 2
    make_ready(options)
    assert len(tried) == 2
