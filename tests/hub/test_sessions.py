"""Logging in, exclusive sessions, sub-sessions: what keeps two workers from being the same host."""

from __future__ import annotations

from typing import Any

import koji

from tests.hub.builder import Builder
from tests.hub.faults import refused
from tests.hub.server import Hub, Login

AUTH = koji.AuthError.faultCode
LOCKED = koji.AuthLockError.faultCode


def test_wrong_password(hub: Hub) -> None:
    with refused(AUTH, "invalid username or password"):
        hub.anonymous(Login(hub.builder.name, "wrong")).login()


def test_unknown_user_is_refused_like_a_wrong_password(hub: Hub) -> None:
    with refused(AUTH, "invalid username or password"):
        hub.anonymous(Login("nobody-of-that-name", "x")).login()


def test_login_twice(admin: Any, hub: Hub) -> None:
    with refused(AUTH, "Already logged in"):
        admin.callMethod("login", hub.admin.name, hub.admin.password)


def test_session_info_of_a_builder(builder: Builder) -> None:
    info = builder.session.getSessionInfo()
    assert info["exclusive"] is True
    assert info["master"] is None
    assert isinstance(info["start_ts"], float)
    assert info["user_id"] == builder.session.getLoggedInUser()["id"]


def test_session_info_without_login(hub: Hub) -> None:
    assert hub.anonymous().getSessionInfo() is None


def test_echo(builder: Builder) -> None:
    assert builder.session.echo("OK") == ["OK"]


def test_host_calls_need_an_exclusive_session(hub: Hub) -> None:
    session = hub.connect(hub.other_builder)
    with refused(AUTH, "requires an exclusive session"):
        session.host.getID()
    session.logout()


def test_host_calls_need_a_host(user: Any) -> None:
    with refused(AUTH, r"User \d+ is not a host"):
        user.host.getID()


def test_host_calls_need_a_login(hub: Hub) -> None:
    with refused(AUTH):
        hub.anonymous().host.getID()


def test_an_exclusive_session_locks_all_others_out(hub: Hub, other_builder: Builder) -> None:
    second = hub.connect(hub.other_builder)
    with refused(LOCKED, "User locked by another session"):
        second.getAPIVersion()
    with refused(LOCKED, "Cannot get exclusive session"):
        second.exclusiveSession()
    second.logout()


def test_force_closes_the_session_that_had_the_lock(hub: Hub) -> None:
    first, second = hub.connect(hub.other_builder), hub.connect(hub.other_builder)
    first.exclusiveSession(force=True)
    second.exclusiveSession(force=True)
    assert second.host.getID() == second.host.getHost()["id"]
    with refused(AUTH, "Invalid session or bad credentials"):
        first.host.getID()
    second.logout()


def test_logout_releases_the_lock(hub: Hub) -> None:
    first, second = hub.connect(hub.other_builder), hub.connect(hub.other_builder)
    first.exclusiveSession(force=True)
    first.logout()
    second.exclusiveSession()
    second.logout()


def test_a_subsession_shares_the_lock(builder: Builder) -> None:
    child = builder.session.subsession()
    assert child.host.getID() == builder.id
    assert child.getSessionInfo()["master"] == builder.session.sinfo["session-id"]
    builder.session.logoutChild(child.sinfo["session-id"])
    with refused(AUTH, "Invalid session or bad credentials"):
        child.getAPIVersion()


def test_force_locks_the_old_subsessions_out(hub: Hub) -> None:
    first, second = hub.connect(hub.other_builder), hub.connect(hub.other_builder)
    first.exclusiveSession(force=True)
    child = first.subsession()
    second.exclusiveSession(force=True)
    with refused(LOCKED, "User locked by another session"):
        child.host.getID()
    second.logout()


def test_logging_out_the_parent_ends_its_subsessions(hub: Hub) -> None:
    parent = hub.connect(hub.user)
    child = parent.subsession()
    parent.logout()
    with refused(AUTH, "Invalid session or bad credentials"):
        child.getAPIVersion()


def test_logout_child_leaves_the_sessions_of_others_alone(builder: Builder, user: Any) -> None:
    builder.session.logoutChild(user.sinfo["session-id"])
    assert user.echo("still here") == ["still here"]


def test_a_subsession_cannot_be_exclusive(builder: Builder) -> None:
    child = builder.session.subsession()
    with refused(koji.GenericError.faultCode, "subsessions cannot become exclusive"):
        child.exclusiveSession()
    builder.session.logoutChild(child.sinfo["session-id"])


def test_host_record(builder: Builder, hub: Hub) -> None:
    host = builder.session.host.getHost()
    assert host["id"] == builder.id
    assert host["name"] == hub.builder.name
    assert host["arches"] == "x86_64 noarch"
    assert set(host) >= {
        "user_id",
        "task_load",
        "capacity",
        "description",
        "comment",
        "ready",
        "enabled",
        "update_ts",
    }


def test_update_host(other_builder: Builder) -> None:
    other_builder.session.host.updateHost(1.5, False, data={"methods": ["build"], "maxjobs": 3})
    host = other_builder.session.host.getHost()
    assert (host["task_load"], host["ready"]) == (1.5, False)
    assert isinstance(host["update_ts"], float)
