"""Which roots are made ready, and what is done about those that cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import koji
import pytest
import requests

from koji_adjutant.buildroot.cache.recent import RETRY_AFTER, RecentRoot, RecentRoots, Tries
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.engine import EngineOptions
from koji_adjutant.daemon import prewarm
from koji_adjutant.daemon.prewarm import Composer, Due, make_ready
from koji_adjutant.errors import BuildrootError, EngineError
from koji_adjutant.monitoring.events import Event, RootMadeReady
from tests.support.scripted_hub import TAG, ScriptedHub

BUILD = RecentRoot("f39-build", "x86_64", "build")
SRPM = RecentRoot("f39-build", "x86_64", "srpm-build")
REPO = {"id": 7, "create_event": 50}


class Engine:
    """One that is there, or is not; and what is composed with it."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.compose: Callable[[Due], None] = lambda _due: None
        self.tried: list[tuple[RecentRoot, int]] = []
        self.how: dict[str, Any] = {}

    @contextmanager
    def open(self, _options: EngineOptions, **how: Any) -> Iterator[None]:
        if self.problem:
            raise self.problem
        self.how = how
        yield None

    def composed(self, due: Due) -> None:
        self.tried.append((due.root, due.repo["id"]))
        self.compose(due)


class Recorder:
    """A journal."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(prewarm, "open_engine", engine.open)
    monkeypatch.setattr(Composer, "compose", lambda _self, due, _name: engine.composed(due))
    monkeypatch.setattr(os, "nice", lambda _increment: 19)  # the tests go on as they were
    return engine


@pytest.fixture
def recent(options: KojidOptions) -> RecentRoots:
    found = RecentRoots(options.adjutant.state_dir / "recent", options.server or "")
    found.note(BUILD)
    return found


@pytest.fixture
def look(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recorder]:
    """One look for new repos, of a hub with these answers."""

    def look(**answers: Any) -> Recorder:
        recorder = Recorder()
        monkeypatch.setattr(prewarm, "impatient_session", lambda _options: ScriptedHub(**answers))
        make_ready(options, recorder)
        return recorder

    return look


Look = Callable[..., Recorder]


def test_a_new_repo_is_made_ready_for_once(engine: Engine, recent: RecentRoots, look: Look) -> None:
    for repo in (7, 7, 8):
        look(getRepo={**REPO, "id": repo})
    assert engine.tried == [(BUILD, 7), (BUILD, 8)]
    assert recent.latest() == [(BUILD, Tries(8))]
    # the process has a low priority by then
    assert engine.how["revive"] is False


def test_a_look_that_finds_nothing_new_needs_no_engine_and_one_call_a_tag(
    engine: Engine, recent: RecentRoots, options: KojidOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent.note(SRPM)
    for root in (BUILD, SRPM):
        recent.keep(root, Tries(7))
    engine.problem = EngineError("is not asked for")
    session = ScriptedHub(getRepo=REPO)
    monkeypatch.setattr(prewarm, "impatient_session", lambda _options: session)
    make_ready(options, Recorder())
    assert session.methods() == ["getRepo"]


def test_a_tag_without_a_repo(engine: Engine, recent: RecentRoots, look: Look) -> None:
    look(getRepo=None)
    assert engine.tried == []
    assert recent.latest() == [(BUILD, Tries())]


def test_a_tag_that_is_gone_is_forgotten(
    engine: Engine, recent: RecentRoots, look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    look(getRepo=koji.GenericError("No such entry in table tag: f39-build"))
    assert (engine.tried, recent.latest()) == ([], [])
    assert caplog.messages == [
        "No more roots are made ready for f39-build before its next build: "
        "No such entry in table tag: f39-build"
    ]


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (requests.ConnectionError("refused"), "The hub cannot be reached at http://hub/kojihub (refused)"),
        (koji.ServerOffline("back soon"), "No roots can be made ready now: back soon"),
    ],
)
def test_a_hub_that_does_not_answer_is_one_sentence(
    recent: RecentRoots, look: Look, caplog: pytest.LogCaptureFixture, problem: Exception, sentence: str
) -> None:
    look(getRepo=problem)
    (message,) = caplog.messages
    assert sentence in message
    assert caplog.records[0].exc_info is None
    assert recent.latest() == [(BUILD, Tries())]


def test_an_engine_that_cannot_be_used_is_no_failure_of_the_repo(
    engine: Engine, recent: RecentRoots, look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    engine.problem = EngineError("podman is not installed on this host")
    look(getRepo=REPO)
    assert caplog.messages == ["No roots can be made ready now: podman is not installed on this host"]
    assert recent.latest() == [(BUILD, Tries())]


def test_one_that_fails_is_recorded_and_tried_again_later(
    engine: Engine,
    recent: RecentRoots,
    look: Look,
    options: KojidOptions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    recent.note(SRPM)

    def fail(due: Due) -> None:
        if due.root == BUILD:
            raise BuildrootError("nothing provides @build")

    engine.compose = fail
    now = 1e10  # later than any file
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr("koji_adjutant.buildroot.cache.recent.LIFETIME", now)
    recorder = look(getRepo=REPO)
    assert [event.result for event in recorder.events if isinstance(event, RootMadeReady)] == ["failed"]
    look(getRepo=REPO)
    assert sorted(root.group for root, _repo in engine.tried) == ["build", "srpm-build"]
    (record,) = caplog.records
    assert record.message == (
        "No root could be made ready: build of f39-build, x86_64, repo 7: nothing provides @build"
    )
    assert record.exc_info is None
    assert "Failed: nothing provides @build" in (options.adjutant.log_dir / "prewarm.log").read_text()
    now += RETRY_AFTER
    engine.compose = lambda _due: None
    look(getRepo=REPO)
    now += 100 * RETRY_AFTER
    look(getRepo=REPO)
    assert [root for root, _repo in engine.tried[2:]] == [BUILD]


def test_one_that_is_stopped_is_tried_again_at_once(engine: Engine, recent: RecentRoots, look: Look) -> None:
    def stop(_due: Due) -> None:
        raise SystemExit

    engine.compose = stop
    for _ in range(2):
        with pytest.raises(SystemExit):
            look(getRepo=REPO)
    assert engine.tried == 2 * [(BUILD, 7)]
    assert recent.latest() == [(BUILD, Tries())]


def test_one_that_kills_the_process_counts_as_failed(engine: Engine, recent: RecentRoots, look: Look) -> None:
    engine.compose = lambda _due: os._exit(1)
    pid = os.fork()
    if not pid:
        look(getRepo=REPO)
    os.waitpid(pid, 0)
    ((_root, tries),) = recent.latest()
    assert (tries.repo_id, tries.failures) == (7, 1)


def test_a_mistake_of_ours_is_not_hidden(engine: Engine, recent: RecentRoots, look: Look) -> None:
    def fail(_due: Due) -> None:
        raise RuntimeError("a bug")

    engine.compose = fail
    with pytest.raises(RuntimeError):
        look(getRepo=REPO)
    look(getRepo=REPO)  # not tried again yet
    assert len(engine.tried) == 1


def test_an_arch_that_the_tag_has_no_more(
    recent: RecentRoots,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(prewarm, "open_engine", Engine().open)
    monkeypatch.setattr(os, "nice", lambda _increment: 19)
    look(getRepo=REPO, getBuildConfig={**TAG, "arches": "s390x"})
    (message,) = caplog.messages
    assert message.endswith("The tag f39-build is for s390x, not for x86_64.")


def test_the_log_keeps_what_was_before_within_bounds(
    engine: Engine,
    recent: RecentRoots,
    look: Look,
    options: KojidOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_due: Due) -> None:
        raise BuildrootError("no")

    engine.compose = fail
    log = options.adjutant.log_dir / "prewarm.log"
    for repo in (7, 8):
        look(getRepo={**REPO, "id": repo})
    assert log.read_text().count("Failed: no\n") == 2
    monkeypatch.setattr(prewarm, "LOG_SIZE", log.stat().st_size)
    look(getRepo={**REPO, "id": 9})
    assert log.read_text().count("Failed: no\n") == 1
    assert log.with_name("prewarm.log.1").read_text().count("Failed: no\n") == 2
