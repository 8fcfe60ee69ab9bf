"""The calls that docs/reference/hub-calls.md names, and those that have types, exist on the hub, with these
arguments."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import pytest

from tests.hub.server import Hub
from tests.support.hub_calls import UPLOAD, listings, typed

ANY = ("args", "opts")
"""What a hub calls parameters that take any others; ``host.subtask`` has one for its options."""

CALLS = {call for listing in listings().values() for call in (*listing.ours, *listing.stock)} - {UPLOAD}


@pytest.fixture(scope="module")
def api(hub: Hub) -> dict[str, Sequence[str]]:
    """The hub's own list: its calls, and the names of their parameters."""
    methods = hub.anonymous()._listapi()
    return {method["name"]: [_name(argument) for argument in method["args"]] for method in methods}


def _name(argument: str | Sequence[str]) -> str:
    """Without the default."""
    return argument if isinstance(argument, str) else argument[0]


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_call(call: str, api: dict[str, Sequence[str]]) -> None:
    method, _, arguments = call.removesuffix(")").partition("(")
    given = arguments.split(", ") if arguments else []
    named = {one.partition("=")[0] for one in given if "=" in one}
    known = api[method]
    if known[0:1] == ["args"]:
        return  # login and the like
    for position, name in enumerate(one for one in given if "=" not in one):
        assert name in (known[position], f'"{name[1:-1]}"'), f"{method} takes {known}"
    assert named <= set(known) or set(known) & set(ANY), f"{method} takes {known}"


@pytest.mark.parametrize("name", sorted(typed()))
def test_a_typed_call(name: str, api: dict[str, Sequence[str]]) -> None:
    known = api[name]
    for form in typed()[name]:
        _self, *parameters = inspect.signature(form).parameters.values()
        by_name = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
        assert by_name <= set(known) or set(known) & set(ANY)
        by_position = [one.name for one in parameters if one.name not in by_name]
        assert list(known[: len(by_position)]) == by_position
