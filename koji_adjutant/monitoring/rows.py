"""Events and records as rows of the journal's tables, whose columns are named as their fields.

Lists are JSON; a task's failure has columns of its own, which begin with ``failure_``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from koji_adjutant.monitoring.events import Event
from koji_adjutant.monitoring.records import Failure

T = TypeVar("T")
Reader = Callable[[Any], Any]


def row_of(event: Event, *, time: str) -> dict[str, Any]:
    """Return what an event says, by column; ``time`` is the column for when it happened."""
    row = {name: _written(value) for name, value in vars(event).items()}
    return row | {time: row.pop("at")}


def row_of_failure(failure: Failure | None) -> dict[str, Any]:
    """Return the columns of a failure, all NULL if there was none."""
    return {
        _failure_column(field.name): _written(getattr(failure, field.name, None)) for field in fields(Failure)
    }


def record_of(kind: Callable[..., T], row: sqlite3.Row, **others: Any) -> T:
    """Make a record of a row; ``others`` are the values of fields that have no column."""
    return kind(
        **{name: read(row[name]) for name, read in _readers(kind).items() if name not in others}, **others
    )


def failure_of(row: sqlite3.Row) -> Failure | None:
    """Return why a task failed, from its row."""
    if row["failure_class"] is None:
        return None
    return Failure(**{name: read(row[_failure_column(name)]) for name, read in _readers(Failure).items()})


def _failure_column(field: str) -> str:
    return field if field == "failure_class" else f"failure_{field}"


def _written(value: Any) -> Any:
    return json.dumps(list(value)) if isinstance(value, list | tuple) else value


@cache
def _readers(kind: Callable[..., object]) -> Mapping[str, Reader]:
    """Return how the columns of a record are read, by field."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _reader(hint: Any) -> Reader:
    if get_origin(hint) is Sequence:
        return lambda text: tuple(json.loads(text))
    if bool in (hint, *get_args(hint)):
        return lambda number: None if number is None else bool(number)
    return lambda value: value
