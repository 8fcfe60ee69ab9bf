"""The conformance suite: a hub's answers to a builder, and a worker's conduct towards a hub.

It runs unchanged against devhub (started here when ADJUTANT_TEST_HUB is not set) or a real Koji hub.
Where the two differ, the real hub is right. Environment:

ADJUTANT_TEST_HUB            URL of the hub, ``http://HOST[:PORT]/kojihub``
ADJUTANT_TEST_HUB_FILES      URL of its files (topurl); default: /kojifiles next to the hub
ADJUTANT_TEST_HUB_TOPDIR     its KojiDir, if it is on this machine; a worker's createrepo needs it
ADJUTANT_TEST_ADMIN          ``user:password`` with the permission admin; default kojiadmin:kojiadmin
ADJUTANT_TEST_USER           ``user:password`` without any permission; default packager:packager
ADJUTANT_TEST_HOSTS          three host users: the one played by hand, another one, the worker's;
                             default builder1,builder2,builder3
ADJUTANT_TEST_HOST_PASSWORD  the password of all three; default builder
ADJUTANT_TEST_STOCK_KOJID    a command that starts a stock kojid whose Python can import koji_adjutant, for
                             plugin mode; default: the task manager of the koji library, without kojid

The hub must be prepared: the API cannot set a password (``koji add-host`` makes a host user without one), so
write the users' passwords into its database. Hosts need the arches "x86_64 noarch" and the channels default
and createrepo. Policies build_from_srpm and build_from_scm must allow, the rest must be as Koji has it. Its
plugins runroot_hub and save_failed_tree must be loaded, and the program kojira must run. With
``DisableNotifications = True`` the worker does not spend its time on mails about the suite's builds. Without
``EnableMaven = True`` the hub takes no wrapperRPM tasks, and those tests are skipped.
Nothing else may use the three hosts meanwhile: the suite takes their exclusive sessions by force.
Every test makes tags and packages of its own, so one hub can be used again and again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.hub import server
from tests.hub.builder import Builder, make_tag
from tests.hub.farm import Farm, run_farm
from tests.hub.own_devhub import own_devhub
from tests.hub.rpms import RpmMaker
from tests.hub.server import Hub
from tests.support import tool_image


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "podman: needs podman, rpmbuild's distribution and some minutes")


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub under test."""
    if "ADJUTANT_TEST_HUB" in os.environ:
        yield server.from_environment(os.environ)
    else:
        with own_devhub(tmp_path_factory.mktemp("devhub")) as own:
            yield own


@pytest.fixture(scope="session")
def admin(hub: Hub) -> Iterator[Any]:
    """An administrator's session."""
    session = hub.connect(hub.admin)
    yield session
    session.logout()


@pytest.fixture(scope="session")
def user(hub: Hub) -> Iterator[Any]:
    """The session of a user without permissions."""
    session = hub.connect(hub.user)
    yield session
    session.logout()


@pytest.fixture(scope="session")
def builder(hub: Hub, admin: Any) -> Iterator[Builder]:
    """The host that the tests play by hand."""
    yield from _builder(hub, hub.builder, admin)


@pytest.fixture
def other_builder(hub: Hub, admin: Any) -> Iterator[Builder]:
    """Another host."""
    yield from _builder(hub, hub.other_builder, admin)


def _builder(hub: Hub, login: server.Login, admin: Any) -> Iterator[Builder]:
    session = hub.connect(login)
    session.exclusiveSession(force=True)
    builder = Builder(session, session.host.getID(), admin)
    builder.drop_tasks()  # of a run that was broken off
    yield builder
    builder.drop_tasks()
    session.logout()


@pytest.fixture(scope="session")
def rpms(tmp_path_factory: pytest.TempPathFactory) -> RpmMaker:
    """Makes tiny RPMs."""
    return RpmMaker(tmp_path_factory.mktemp("rpms"))


@pytest.fixture(scope="module")
def repo(builder: Builder, admin: Any) -> int:
    """A READY repo of a tag without packages."""
    return builder.ready_repo(make_tag(admin))


@pytest.fixture(scope="session")
def farm(hub: Hub, admin: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A worker at work; tests that use it are marked ``podman``."""
    if shutil.which("podman") is None:
        pytest.skip("a worker needs podman")
    if hub.topdir is None:
        pytest.skip("a worker needs the hub's files: ADJUTANT_TEST_HUB_TOPDIR")
    distribution = build_distribution(default_output())
    state = default_output().parent / "state"
    with open_engine(AdjutantOptions(state_dir=state)) as engine:
        image = tool_image.provide(engine, state)
        place = tmp_path_factory.mktemp("farm")
        with run_farm(hub, admin, place, engine, state, image, distribution) as farm:
            yield farm


@pytest.fixture
def alone(farm: Farm) -> Iterator[None]:
    """The worker is the hub's only builder that is enabled."""
    others = [farm.hub.builder.name, farm.hub.other_builder.name]
    for name in others:
        farm.admin.disableHost(name)
    yield
    for name in others:
        farm.admin.enableHost(name)
