from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.web.application import application
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from tests.support.dashboard import served

Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    path = database.path_in(tmp_path)
    database.prepare(path)
    journal = FileJournal(path)
    yield journal
    journal.close()


class Engine:
    """Has the containers that a test puts there."""

    def __init__(self) -> None:
        self.present: list[LiveContainer] = []
        self.failure: Exception | None = None

    def __call__(self) -> list[LiveContainer]:
        if self.failure:
            raise self.failure
        return self.present


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def sources(journal: FileJournal, engine: Engine, tmp_path: Path) -> Sources:
    return Sources(journal.path, engine, lambda: CacheSize(3, 1500, 20_000), [tmp_path])


class Stage(Starlette):
    """Answers as whichever application is on it: a server takes longer to stop than most tests."""

    on_it: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.on_it is not None
        self.on_it.state.stopping = self.state.stopping
        await self.on_it(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    stage = Stage()
    with served(stage) as url:
        yield stage, url


@pytest.fixture
def serving(stage: tuple[Stage, str]) -> Serving:
    """Serves sources, perhaps with a token; the server's URL."""

    @contextmanager
    def served(sources: Sources, token: str | None = None) -> Iterator[str]:
        stage[0].on_it = application(sources, token)
        yield stage[1]
        stage[0].on_it = None

    return served


@pytest.fixture
def url(serving: Serving, sources: Sources) -> Iterator[str]:
    with serving(sources) as found:
        yield found
