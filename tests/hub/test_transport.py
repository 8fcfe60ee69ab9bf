"""XML-RPC as koji speaks it: call numbers, retries, keyword arguments, multicalls, faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import koji
import pytest

from tests.hub import wire
from tests.hub.builder import Builder
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.server import Hub
from tests.hub.wire import RawSession

RETRY = koji.RetryError.faultCode
SEQUENCE = koji.SequenceError.faultCode


@pytest.fixture
def raw(hub: Hub) -> Iterator[RawSession]:
    """A builder's exclusive session; the next call number is 1."""
    session = wire.login(hub.url, hub.other_builder.name, hub.other_builder.password)
    session.call(0, "exclusiveSession", True)
    yield session
    session.call(1000, "logout")


def test_same_call_number_after_a_call_that_changed_nothing(raw: RawSession) -> None:
    assert raw.call(1, "host.getID") == raw.call(1, "host.getID")


def test_same_call_number_after_a_change_that_may_be_repeated(raw: RawSession) -> None:
    raw.call(1, "host.updateHost", 0.0, False)
    assert raw.call(1, "host.updateHost", 0.0, False) is None


def test_same_call_number_for_another_method(raw: RawSession) -> None:
    raw.call(1, "host.updateHost", 0.0, False)
    with refused(RETRY, r"unable to retry call 1 \(method host.getHost\) for session \d+"):
        raw.call(1, "host.getHost")


def test_lower_call_number(raw: RawSession) -> None:
    raw.call(5, "host.updateHost", 0.0, False)
    with refused(SEQUENCE, r"5 > 4 \(session \d+\)"):
        raw.call(4, "host.getHost")


def test_a_refused_call_does_not_use_up_its_number(raw: RawSession) -> None:
    with refused(koji.GenericError.faultCode):
        raw.call(1, "host.openTask", 0)
    assert raw.call(1, "echo", "again") == ["again"]


def test_wrong_session_key(raw: RawSession) -> None:
    with refused(koji.AuthError.faultCode, "Invalid session or bad credentials"):
        RawSession(raw.url, raw.session_id, raw.key + "x").call(1, "echo", 1)


def test_every_answer_carries_the_version(hub: Hub) -> None:
    response = wire.post(hub.url, "getAPIVersion")
    assert response.headers["Koji-Version"] == wire.answer(wire.post(hub.url, "getKojiVersion"))
    assert wire.answer(response) == 1


def test_a_fault_is_a_normal_answer(hub: Hub) -> None:
    response = wire.post(hub.url, "getTag", "no-such-tag", {"strict": True, "__starstar": True})
    assert response.status_code == 200
    with refused(koji.GenericError.faultCode, "No such tagInfo: 'no-such-tag'"):
        wire.answer(response)


def test_unknown_method(hub: Hub) -> None:
    with refused(koji.GenericError.faultCode, "Invalid method: noSuchMethod"):
        hub.anonymous().noSuchMethod()


def test_wrong_arguments_are_a_parameter_error(hub: Hub) -> None:
    with refused(koji.ParameterError.faultCode):
        hub.anonymous().getTag("a", "b", "c", "d", "e", "f", "g")


def test_unknown_keyword_argument(hub: Hub) -> None:
    with refused(koji.ParameterError.faultCode):
        hub.anonymous().getTag("a", no_such_keyword=1)


def test_large_numbers_and_none_survive(hub: Hub) -> None:
    assert hub.anonymous().echo(2**40, None, [1.5, True], {"a": None}) == [
        2**40,
        None,
        [1.5, True],
        {"a": None},
    ]


def test_multicall_keeps_each_answer_apart(builder: Builder) -> None:
    with builder.session.multicall(strict=False) as calls:
        good = calls.echo("one")
        bad = calls.getTag("no-such-tag", strict=True)
        good_again = calls.host.getID()
    assert good.result == ["one"]
    assert good_again.result == builder.id
    with refused(koji.GenericError.faultCode, "No such tagInfo"):
        print(bad.result)


def test_method_list(hub: Hub) -> None:
    methods = set(wire.answer(wire.post(hub.url, "system.listMethods")))
    assert methods >= {
        "host.openTask",
        "host.closeTask",
        "getTaskInfo",
        "repo.request",
        "login",
        "exclusiveSession",
    }


def test_failing_with_something_else_than_a_koji_error(builder: Builder) -> None:
    with refused(ANY_ERROR):
        builder.session.host.newBuildRoot(999_999_999, "x86_64", task_id=builder.open_task())


def test_who_may_make_tasks(user: Any) -> None:
    with refused(koji.ActionNotAllowed.faultCode, "admin permission required"):
        user.makeTask("sleep", [1])
