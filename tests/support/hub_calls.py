"""docs/reference/hub-calls.md as data: what it says that the worker, and a stock kojid, call."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from koji_adjutant.devhub.core.api import METHODS
from koji_adjutant.devhub.server import server  # noqa: F401  (it brings all of the hub's calls along)
from koji_adjutant.hub.calls import HostCalls, HubCalls, SchedulerCalls
from koji_adjutant.hub.interface import MultiHostCalls
from koji_adjutant.task_adapters.live_logs import WHOLE_FILES

DOCUMENT = Path(__file__).parents[2] / "docs/reference/hub-calls.md"

Call = tuple[str, Sequence[Any], Mapping[str, Any]]
"""Method, arguments, named arguments."""

UPLOAD = "upload"
"""How a file is written that is uploaded as a whole; logs that grow are left out."""

TOLD = {"host.subtask": "method", "host.setBuildRootState": "state", "host.assertPolicy": "name"}
"""The argument whose value says what a call is about."""


@dataclass(frozen=True)
class Listing:
    """The calls of one task, in order, by the worker and by a stock kojid."""

    ours: Sequence[str]
    stock: Sequence[str]


def listings() -> Mapping[str, Listing]:
    """By heading, from the blocks of the document: ``+`` is only ours, ``-`` only kojid's."""
    blocks = re.compile(r"^### (.+?)$(?:(?!^### ).)*?^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return {heading: _listing(block.splitlines()) for heading, block in blocks.findall(DOCUMENT.read_text())}


def _listing(lines: Sequence[str]) -> Listing:
    calls = [(line[0], line[2:].partition("  #")[0].rstrip()) for line in lines]
    assert {sign for sign, _ in calls} <= set("+- "), lines
    return Listing(
        ours=[call for sign, call in calls if sign != "-"],
        stock=[call for sign, call in calls if sign != "+"],
    )


def written(calls: Iterable[Call]) -> Sequence[str]:
    """Calls as the document writes them: the hub's names of the arguments, what is repeated only once."""
    found: list[str] = []
    for method, args, kwargs in calls:
        if method == "rawUpload" or (method == "uploadWrapper" and Path(args[0]).name in WHOLE_FILES):
            continue
        text = UPLOAD if method == "uploadWrapper" else write(method, args, kwargs)
        if [text] != found[-1:]:
            found.append(text)
    return found


def write(method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """``method(given by position, named=)``."""
    names = [*parameters(method)]
    assert len(args) <= len(names), f"{method} takes {names}"
    given = [*zip(names, args, strict=False), *((f"{name}=", value) for name, value in kwargs.items())]
    return f"{method}({', '.join(_argument(method, name, value) for name, value in given)})"


def _argument(method: str, name: str, value: object) -> str:
    if TOLD.get(method) != name.removesuffix("="):
        return name
    return f'{name}"{value}"' if name.endswith("=") else f'"{value}"'


def parameters(method: str) -> Sequence[str]:
    """What devhub, as a real hub, calls the parameters that may be given by position."""
    found = METHODS[method].signature.parameters.values()
    return [one.name for one in found if one.kind is not inspect.Parameter.VAR_KEYWORD]


def documented() -> frozenset[str]:
    """The names of all calls that the document has, in its listings and beside them."""
    return frozenset(re.findall(r"\b((?:host\.|repo\.|scheduler\.)?[a-z][A-Za-z]+)\(", DOCUMENT.read_text()))


Form = typing.Callable[..., object]
"""One way in which a call may be made: a function of a protocol, with its types."""


def typed() -> Mapping[str, Sequence[Form]]:
    """The calls that have types, by the hub's name; more than one form where the answer depends on it."""
    protocols = (
        (HubCalls, ""),
        (SchedulerCalls, "scheduler."),
        (HostCalls, "host."),
        (MultiHostCalls, "host."),
    )
    return {
        prefix + name: _forms(protocol, name, function)
        for protocol, prefix in protocols
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


def _forms(protocol: type, name: str, function: Form) -> Sequence[Form]:
    named: Any = SimpleNamespace(
        __module__=protocol.__module__, __qualname__=f"{protocol.__qualname__}.{name}"
    )
    return typing.get_overloads(named) or [function]
