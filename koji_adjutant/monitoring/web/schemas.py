"""The API's answers, in OpenAPI's words; a test holds real answers against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def _page(name: str, item: str, **more: Schema) -> Schema:
    return _object(
        **{name: _list(ref(item))}, total=WHOLE, limit=WHOLE, offset=WHOLE, next=_maybe(TEXT), **more
    )


_TASK = {
    "task_id": WHOLE,
    "type": TEXT,
    "status": TEXT,
    "arch": TEXT,
    "tag": _maybe(TEXT),
    "source": _maybe(TEXT),
    "started_at": TIME,
    "finished_at": _maybe(TIME),
    "container_id": _maybe(TEXT),
    "log_path": _maybe(TEXT),
    "progress": _object(stage=_maybe(TEXT), percent=_maybe(WHOLE)),
    "failure": _maybe(ref("Failure")),
    "image": _maybe(TEXT),
    "image_digest": _maybe(TEXT),
    "resources": ref("Resources"),
    "bytes_uploaded": WHOLE,
}
_CONTAINER = {
    "container_id": TEXT,
    "name": TEXT,
    "task_id": TEXT,
    "role": TEXT,
    "image": _maybe(TEXT),
    "image_digest": _maybe(TEXT),
    "status": TEXT,
    "created_at": _maybe(TIME),
    "started_at": _maybe(TIME),
    "finished_at": _maybe(TIME),
}

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
        status={"type": "string", "enum": ["healthy", "degraded", "draining", "offline"]},
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
    "Failure": _object(
        **{"class": TEXT},
        message=TEXT,
        excerpt=_list(TEXT),
        log=_maybe(TEXT),
        offset=_maybe(WHOLE),
    ),
    "Resources": _object(
        cpu_seconds=_maybe(NUMBER),
        memory_peak=_maybe(WHOLE),
        bytes_read=_maybe(WHOLE),
        bytes_written=_maybe(WHOLE),
        pids_peak=_maybe(WHOLE),
    ),
    "Phase": _object(name=TEXT, depth=WHOLE, started_at=TIME, finished_at=_maybe(TIME), ok=_maybe(FLAG)),
    "CacheUse": _object(kind=TEXT, key=TEXT, hit=FLAG, at=TIME),
    "Log": _object(name=TEXT, size=WHOLE),
    "Task": _object(**_TASK),
    "TaskDetail": _object(
        **_TASK,
        phases=_list(ref("Phase")),
        containers=_list(ref("Container")),
        cache_uses=_list(ref("CacheUse")),
        logs=_list(ref("Log")),
    ),
    "TaskPage": _page("tasks", "Task"),
    "Container": _object(**_CONTAINER),
    "ContainerDetail": _object(
        **_CONTAINER,
        spec=_object(command=_list(TEXT), workdir=TEXT, user=TEXT, network=TEXT),
        mounts=_list(TEXT),
        resource_limits=_object(memory_bytes=_maybe(WHOLE), cpus=_maybe(NUMBER), pids=_maybe(WHOLE)),
        exit_code=_maybe(WHOLE),
        reconciled=FLAG,
    ),
    "ContainerPage": _page("containers", "Container", reconciled=FLAG),
}
