"""The API's answers, in OpenAPI's words; a test holds real answers against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin

from koji_adjutant.monitoring.log_files import LogFile
from koji_adjutant.monitoring.records import (
    CacheUse,
    Container,
    Failure,
    Moment,
    Phase,
    Progress,
    Reproduction,
    Resources,
    Task,
)
from koji_adjutant.monitoring.status import WORDS
from koji_adjutant.monitoring.web import shapes

Schema = dict[str, Any]


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}


def _of(kind: Any) -> Schema:
    """Return what values of a type look like; a record has a schema of its own."""
    if kind == Moment:
        return TIME
    if is_dataclass(kind):
        return ref(kind.__name__)  # type: ignore[union-attr]
    if get_origin(kind) is Sequence:
        return _list(_of(*get_args(kind)))
    alternatives = get_args(kind)
    if NoneType in alternatives:
        (there,) = set(alternatives) - {NoneType}
        return _maybe(_of(there))
    return {str: TEXT, int: WHOLE, float: NUMBER, bool: FLAG}[kind]


def _members(record: type) -> dict[str, Schema]:
    return {member.name: _of(member.kind) for member in shapes.members(record)}


def _page(name: str, item: str, **more: Schema) -> Schema:
    return _object(
        **{name: _list(ref(item))}, total=WHOLE, limit=WHOLE, offset=WHOLE, next=_maybe(TEXT), **more
    )


SCHEMAS: Mapping[str, Schema] = {
    "Error": {
        "type": "object",
        "properties": {"error": TEXT, "error_code": TEXT},
        "required": ["error", "error_code"],
    },
    "Status": _object(
        worker_id=_maybe(TEXT),
        hub=_maybe(TEXT),
        version=_maybe(TEXT),
        uptime_seconds=NUMBER,
        status={"type": "string", "enum": list(WORDS)},
        reasons=_list(TEXT),
        capacity=_maybe(NUMBER),
        task_load=_maybe(NUMBER),
        active_tasks=WHOLE,
        containers_active=WHOLE,
        tasks_completed_today=WHOLE,
        tasks_failed_today=WHOLE,
        last_task_time=_maybe(TIME),
        cache=_object(
            entries=_maybe(WHOLE),
            bytes=_maybe(WHOLE),
            limit_bytes=_maybe(WHOLE),
            hit_rate=_maybe(NUMBER),
            hit_rates={"type": "object", "additionalProperties": _maybe(NUMBER)},
        ),
        disk=_list(_object(path=TEXT, total_bytes=WHOLE, free_bytes=WHOLE, used_percent=NUMBER)),
    ),
    **{
        record.__name__: _object(**_members(record))
        for record in (Task, Failure, Resources, Progress, Phase, CacheUse, Reproduction, Container)
    },
    "Log": _object(**_members(LogFile)),
    "TaskDetail": _object(
        **_members(Task),
        phases=_list(ref("Phase")),
        containers=_list(ref("Container")),
        cache_uses=_list(ref("CacheUse")),
        reproduction=_maybe(ref("Reproduction")),
        logs=_list(ref("Log")),
    ),
    "TaskPage": _page("tasks", "Task"),
    "ContainerDetail": _object(
        **_members(Container),
        spec=_object(command=_list(TEXT), workdir=TEXT, user=TEXT, network=TEXT),
        mounts=_list(TEXT),
        resource_limits=_object(memory_bytes=_maybe(WHOLE), cpus=_maybe(NUMBER), pids=_maybe(WHOLE)),
        exit_code=_maybe(WHOLE),
        reconciled=FLAG,
    ),
    "ContainerPage": _page("containers", "Container", reconciled=FLAG),
}
