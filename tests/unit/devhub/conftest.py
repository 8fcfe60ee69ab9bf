"""One hub for the whole directory's tests: they use names of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import koji
import pytest

from koji_adjutant.devhub import DevHub, running_devhub
from tests.unit.devhub.builder import Builder


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevHub]:
    """A running hub with builders builder1 to builder3, a plain user, and a tag, target and external repo."""
    with running_devhub(tmp_path_factory.mktemp("devhub")) as running:
        admin = running.session("kojiadmin", "kojiadmin")
        for name in ("builder1", "builder2", "builder3"):
            admin.addHost(name, ["x86_64"])
            admin.addHostToChannel(name, "createrepo")
            admin.callMethod("devhub.setPassword", name, "builder")
        admin.createUser("packager")
        admin.callMethod("devhub.setPassword", "packager", "packager")
        admin.createTag("dist")
        admin.createTag("dist-build", parent="dist", arches="x86_64")
        admin.createBuildTarget("dist", "dist-build", "dist")
        admin.createExternalRepo("base", "http://localhost/base")
        admin.addExternalRepoToTag("dist-build", "base", 5)
        admin.logout()
        yield running


@pytest.fixture
def admin(hub: DevHub) -> Iterator[koji.ClientSession]:
    """A session of the admin."""
    session = hub.session("kojiadmin", "kojiadmin")
    yield session
    session.logout()


@pytest.fixture
def packager(hub: DevHub) -> Iterator[koji.ClientSession]:
    """A session of a user without permissions."""
    session = hub.session("packager", "packager")
    yield session
    session.logout()


@pytest.fixture
def builder(hub: DevHub) -> Iterator[Builder]:
    """builder1, exclusive."""
    connected = Builder(hub, "builder1", "builder")
    yield connected
    connected.session.logout()


@pytest.fixture
def repo_id(builder: Builder, admin: koji.ClientSession) -> int:
    """A ready repo of dist-build."""
    return builder.make_repo(admin, "dist-build")[0]


Refusal = Callable[[int, str], Any]


@pytest.fixture
def refused() -> Refusal:
    """``with refused(code, text):`` expects a fault with that code whose text contains that."""

    def expect(code: int, text: str) -> Any:
        return _Expectation(code, text)

    return expect


class _Expectation:
    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> bool:
        assert error is not None, f"not refused; expected fault {self.code}: {self.text}"
        if not isinstance(error, koji.xmlrpcplus.Fault | koji.GenericError):
            return False
        code = error.faultCode
        text = error.faultString if isinstance(error, koji.xmlrpcplus.Fault) else str(error)
        assert (code, self.text in text) == (code if code == self.code else self.code, True), (
            f"{code}: {text}"
        )
        assert code == self.code, f"{code}: {text}"
        return True
