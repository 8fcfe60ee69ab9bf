"""Records as the API's JSON, made from their fields. Times are ISO 8601, UTC; sizes are bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from koji_adjutant.monitoring.records import Container, Failure, Moment, Phase, Task

Json = dict[str, Any]

IN_DETAIL = (
    "command",
    "workdir",
    "user",
    "network",
    "mounts",
    "memory_limit",
    "cpu_limit",
    "pids_limit",
    "exit_code",
)
NAMES: Mapping[type, Mapping[str, str | None]] = {
    Task: {"method": "type", "pid": None},
    Failure: {"failure_class": "class"},
    Phase: {"number": None},
    Container: dict.fromkeys(IN_DETAIL),
}
"""The API's names of fields that differ from ours; None: it does not show the field, or only in detail."""


class JsonMember(NamedTuple):
    """A record's field that the API shows: its name there, its name here, its type."""

    name: str
    field: str
    kind: Any


@cache
def members(record: type) -> list[JsonMember]:
    names = NAMES.get(record, {})
    hints = get_type_hints(record, include_extras=True)
    return [JsonMember(name, field, hints[field]) for field in hints if (name := names.get(field, field))]


def shape(record: Any) -> Json:
    kind: type = type(record)
    return {member.name: _value(getattr(record, member.field), member.kind) for member in members(kind)}


def _value(value: Any, kind: Any) -> Any:
    if is_dataclass(value):
        return shape(value)
    if Moment in (kind, *get_args(kind)):
        return time(value)
    return value


def time(seconds: float | None) -> str | None:
    """Write a time; None for what did not happen, or at a time that nobody knows."""
    if not seconds:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def container_detail(record: Container) -> Json:
    return shape(record) | {
        "spec": {
            "command": list(record.command),
            "workdir": record.workdir,
            "user": record.user,
            "network": record.network,
        },
        "mounts": list(record.mounts),
        "resource_limits": {
            "memory_bytes": record.memory_limit,
            "cpus": record.cpu_limit,
            "pids": record.pids_limit,
        },
        "exit_code": record.exit_code,
    }
