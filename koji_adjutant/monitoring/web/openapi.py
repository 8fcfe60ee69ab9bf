"""The API's description of itself: /api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koji_adjutant import __version__
from koji_adjutant.errors import FailureClass
from koji_adjutant.monitoring.containers import STATUSES
from koji_adjutant.monitoring.web.api import PAGE, TASK_STATUSES
from koji_adjutant.monitoring.web.query import LIMIT_MAX
from koji_adjutant.monitoring.web.schemas import FLAG, SCHEMAS, TEXT, Schema, ref

TEXT_PLAIN = {"text/plain": {"schema": TEXT}}


def _parameter(name: str, text: str, schema: Schema = TEXT, place: str = "query") -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": text}


def _number(default: int | None, least: int, most: int | None = None) -> Schema:
    schema: Schema = {"type": "integer", "minimum": least}
    return schema | ({"maximum": most} if most else {}) | ({} if default is None else {"default": default})


TASK_ID = _parameter("task_id", "The hub's number of the task.", {"type": "integer"}, "path")
CONTAINER_ID = _parameter(
    "container_id", "Id, at least twelve characters of its beginning, or name.", TEXT, "path"
)
PAGING = (
    _parameter("limit", "How many.", _number(PAGE, 1, LIMIT_MAX)),
    _parameter("offset", "How many to pass over.", _number(0, 0)),
)
TASK_FILTERS = (
    _parameter("status", "", {"type": "string", "enum": list(TASK_STATUSES)}),
    _parameter("type", "Task method, like buildArch; `method` is the same."),
    _parameter("arch", ""),
    _parameter("tag", ""),
    _parameter("failure_class", "", {"type": "string", "enum": [str(word) for word in FailureClass]}),
    _parameter("since", "Started since: ISO 8601, or seconds since the epoch."),
    _parameter("search", "A part of task id, source or tag."),
)
CONTAINER_FILTERS = (
    _parameter("status", "", {"type": "string", "enum": list(STATUSES)}),
    _parameter("task_id", "Of this task; local builds have a word in place of a number."),
)
LOG_OPTIONS = (
    _parameter("tail", "Only so many lines from the end.", _number(None, 0)),
    _parameter("follow", "Server-sent events until the task has ended.", FLAG | {"default": False}),
    _parameter("name", "Which log; the most informative one if not given."),
)


def _get(
    summary: str, content: Mapping[str, Any], *parameters: Schema, errors: Sequence[int] = (503,)
) -> Schema:
    answers: dict[str, Any] = {"200": {"description": "What was asked for.", "content": content}}
    for status in errors:
        answers[str(status)] = {
            "description": {400: "A parameter cannot be meant.", 404: "There is none."}.get(
                status, "The journal cannot be read."
            ),
            "content": {"application/json": {"schema": ref("Error")}},
        }
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": answers}}


def _json(name: str) -> Mapping[str, Any]:
    return {"application/json": {"schema": ref(name)}}


PATHS = {
    "/api/v1/status": _get("The worker: its health, load, cache and disks.", _json("Status")),
    "/api/v1/tasks": _get(
        "Tasks, those that run first, then the newest.",
        _json("TaskPage"),
        *TASK_FILTERS,
        *PAGING,
        errors=(400, 503),
    ),
    "/api/v1/tasks/{task_id}": _get("One task.", _json("TaskDetail"), TASK_ID, errors=(404, 503)),
    "/api/v1/tasks/{task_id}/logs": _get(
        "A log of a task: its bytes, or events `log` {offset, text}, `restart`, `end` {status}.",
        {**TEXT_PLAIN, "text/event-stream": {"schema": TEXT}},
        TASK_ID,
        *LOG_OPTIONS,
        errors=(400, 404, 503),
    ),
    "/api/v1/containers": _get(
        "Containers, those that are there first. `reconciled`: whether the engine could be asked.",
        _json("ContainerPage"),
        *CONTAINER_FILTERS,
        *PAGING,
        errors=(400, 503),
    ),
    "/api/v1/containers/{container_id}": _get(
        "One container.", _json("ContainerDetail"), CONTAINER_ID, errors=(404, 503)
    ),
    "/api/v1/metrics": _get("Metrics for Prometheus.", TEXT_PLAIN),
    "/metrics": _get("The same.", TEXT_PLAIN),
}

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {
        "title": "Koji-Adjutant",
        "version": __version__,
        "description": "What a build worker does and did. It can only be looked at.",
    },
    "paths": PATHS,
    "components": {
        "schemas": dict(SCHEMAS),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "monitoring_token, if there is one."}
        },
    },
    "security": [{}, {"token": []}],
}


def document(_request: Request) -> Response:
    return JSONResponse(DOCUMENT)
