"""A task's arguments, held against what its handler says that it takes, before it runs.

Whoever may make a task can give it anything that XML-RPC can say. The handler's signature has its types, for
Python as for this: a wrong argument is a ``koji.ParameterError`` with a sentence, as the hub's own calls
answer, and a stock builder for a number of arguments that does not fit. It is lenient where a stock builder
is: in options keys that nobody knows are let be, and numbers may stand for true and false.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from koji_adjutant.errors import ArgumentError
from koji_adjutant.rpm.arch import is_arch

QUOTED = 40
"""Characters of a wrong text that are shown."""

_WORDS: Mapping[object, str] = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    types.NoneType: "nothing",
    list: "a list",
    Sequence: "a list",
    dict: "an object",
    Mapping: "an object",
}
_TAKEN_FOR: Mapping[object, tuple[type, ...]] = {
    bool: (int,),
    float: (int, float),
    Sequence: (list, tuple),
    Mapping: (dict,),
}
"""What else may stand for a type: Python's words for what XML-RPC can say."""


@dataclass(frozen=True)
class Restriction:
    """What a value of the right type has to be besides; ``wanted`` continues "must be"."""

    wanted: str
    holds: Callable[[Any], bool]


def _are_arches(names: str) -> bool:
    return all(map(is_arch, names.split()))


Arch = Annotated[str, Restriction("an arch like x86_64", is_arch)]
Arches = Annotated[str, Restriction("arches separated by spaces", _are_arches)]
Flag = bool | None
"""Clients send none for what was not asked for."""
Moment = Annotated[float, Restriction("seconds since 1970", lambda seconds: 0 <= seconds < 1e11)]


def check_arguments(
    method: str,
    handler: Callable[..., object],
    params: Sequence[object],
    named: Mapping[str, object],
    kinds: Mapping[str, object] | None = None,
) -> Mapping[str, Any]:
    """Return the arguments by name. Raises ArgumentError for the first that does not fit.

    ``kinds`` are the types by argument, for a handler that does not say them itself.
    """
    signature = inspect.signature(handler)
    try:
        given = signature.bind(*params, **named).arguments
    except TypeError as problem:
        takes = ", ".join(signature.parameters) or "none"
        raise ArgumentError(f"The arguments of {method} do not fit: {problem}; it takes {takes}.") from None
    if kinds is None:
        kinds = get_type_hints(handler, include_extras=True)
    for name, value in given.items():
        if wrong := _wrong(value, kinds.get(name, Any), name):
            raise ArgumentError(f"In the arguments of {method}, {wrong}.")
    return given


def _wrong(value: object, kind: object, place: str) -> str | None:
    """Return what is wrong with a value, or in it; None if nothing is."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    for one in kinds:
        if _is_a(value, one):
            return next(_wrong_inside(value, one, place), None)
    wanted = " or ".join(_WORDS[_bare(one)] for one in kinds)
    return f"{place} must be {wanted}, not {_WORDS.get(type(value), type(value).__name__)}"


def _wrong_inside(value: Any, kind: object, place: str) -> Iterator[str]:
    """Yield what is wrong in a value of the right type."""
    parameters = get_args(kind)
    if get_origin(kind) is Annotated:
        inner, rule = parameters
        yield from _wrong_inside(value, inner, place)
        if not rule.holds(value):
            shown = ascii(value[:QUOTED]) if isinstance(value, str) else value
            yield f"{place} must be {rule.wanted}, not {shown}"
    elif is_typeddict(kind):
        yield from _wrong_keys(value, kind, place)
    elif get_origin(kind) is Sequence:
        for position, item in enumerate(value):
            if wrong := _wrong(item, parameters[0], f"{place}[{position}]"):
                yield wrong


def _wrong_keys(value: Mapping[str, object], kind: Any, place: str) -> Iterator[str]:
    for key, one in get_type_hints(kind, include_extras=True).items():
        optional = get_origin(one) is NotRequired
        if key in value:
            if wrong := _wrong(value[key], get_args(one)[0] if optional else one, f"{place}[{key!r}]"):
                yield wrong
        elif not optional and key in kind.__required_keys__:
            yield f"{place} has no {key!r}"


def _is_a(value: object, kind: object) -> bool:
    """Return whether a value is of a type, whatever is in it."""
    bare = _bare(kind)
    if bare is object or bare is Any:
        return True
    if isinstance(value, bool):  # an int to Python
        return bare is bool
    return isinstance(value, _TAKEN_FOR.get(bare, bare))  # type: ignore[arg-type]


def _bare(kind: object) -> object:
    """Return a type without what it says of what is in it."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    return dict if is_typeddict(kind) else get_origin(kind) or kind
