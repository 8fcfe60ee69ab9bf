"""The hub's calls as the code has them: the document has the same ones, and hubs answer as the types say."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.hub_calls import documented, listings, parameters, typed
from tests.support.recorded_hub import RECORD

LIBRARY = frozenset(
    {
        *("checkUpload", "downloadTaskOutput", "upload", "uploadFile"),
        *("login", "logout", "logoutChild", "exclusiveSession", "subsession", "echo", "getSessionInfo"),
        *("host.getID", "host.getTasks", "host.openTask", "host.refuseTask", "host.freeTasks"),
        *("host.updateHost", "listBuildroots", "host.closeTask", "host.failTask"),
        *("host.taskSetWait", "host.taskWait", "host.taskWaitResults"),
        *("repo.request", "repo.checkRequest", "listTagged", "tagLastChangeEvent", "evalPolicy"),
    }
)
"""Calls that koji's library makes, by itself or for a method of its session."""
STOCK = frozenset({"getTaskRequest"})
"""Calls that only a stock kojid makes."""


def test_the_document_has_every_typed_call() -> None:
    assert typed().keys() - documented() == set()


def test_every_call_of_the_document_has_a_type() -> None:
    ours = {call.partition("(")[0] for listing in listings().values() for call in listing.ours}
    assert ours - typed().keys() - LIBRARY == set()
    assert documented() - typed().keys() - LIBRARY == STOCK


@pytest.mark.parametrize("name", sorted(typed()))
def test_the_arguments_are_the_hub_s(name: str) -> None:
    known = parameters(name)
    for form in typed()[name]:
        _self, *given = inspect.signature(form).parameters.values()
        by_position = [one.name for one in given if one.kind is not one.KEYWORD_ONLY]
        assert list(known[: len(by_position)]) == by_position


def recorded() -> Mapping[str, Sequence[Any]]:
    """What a real hub answered to a stock builder, by call; without calls of koji's library."""
    answers: dict[str, list[Any]] = {}
    for line in RECORD.read_text().splitlines():
        call = json.loads(line)
        if "result" in call and call["method"] in typed():
            answers.setdefault(call["method"], []).append(call["result"])
    return answers


@pytest.mark.parametrize("name", sorted(recorded()))
def test_a_hub_answers_as_the_types_say(name: str) -> None:
    said = [typing.get_type_hints(form, include_extras=True)["return"] for form in typed()[name]]
    for answer in recorded()[name]:
        assert any(fits(answer, one) for one in said), answer


def test_most_calls_are_recorded() -> None:
    assert {"getBuildConfig", "repoInfo", "listTaggedRPMS", "host.getHost"} <= recorded().keys()


def fits(value: object, said: Any) -> bool:
    """Whether a value that came over the wire, where tuples are lists, is of a type."""
    if said in (Any, object):
        return True
    if typing.is_typeddict(said):
        fields = typing.get_type_hints(said, include_extras=True)
        return isinstance(value, dict) and all(field_fits(value, *field) for field in fields.items())
    origin, inner = typing.get_origin(said), typing.get_args(said)
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, list) and all(map(fits, value, inner))
    if origin in (list, Sequence):
        return isinstance(value, list) and all(fits(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(fits(one, inner[1]) for one in value.values())
    if said is float:
        return isinstance(value, int | float)
    return isinstance(value, type(None) if said is None else said)


def field_fits(row: Mapping[str, object], name: str, said: Any) -> bool:
    if typing.get_origin(said) is typing.NotRequired:
        return name not in row or fits(row[name], typing.get_args(said)[0])
    return name in row and fits(row[name], said)
