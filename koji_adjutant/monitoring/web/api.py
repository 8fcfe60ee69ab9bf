"""The JSON endpoints below /api/v1."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from koji_adjutant.errors import FailureClass
from koji_adjutant.monitoring import containers, log_files
from koji_adjutant.monitoring.events import TaskEnd
from koji_adjutant.monitoring.history import History, TaskFilter
from koji_adjutant.monitoring.records import RUNNING, Task
from koji_adjutant.monitoring.web import shapes
from koji_adjutant.monitoring.web.problems import not_found
from koji_adjutant.monitoring.web.query import INTEGER_MAX, LIMIT_MAX, Parameters
from koji_adjutant.monitoring.web.sources import Sources

TASK_STATUSES = (RUNNING, *get_args(TaskEnd))
TASK_FILTERS = ("status", "type", "method", "arch", "tag", "failure_class", "since", "search")
PAGING = ("limit", "offset")
PAGE = 50
"""Rows of an answer where no limit is given."""


def status(request: Request) -> Response:
    Parameters(request.query_params, ())
    sources: Sources = request.app.state.sources
    return JSONResponse(status_of(sources))


def status_of(sources: Sources) -> shapes.Json:
    """Return what the overview shows as well."""
    with sources.history() as history:
        status = sources.status(history)
    worker, cache = status.worker, sources.cache()
    running = worker is not None and worker.stopped_at is None
    return {
        "worker_id": worker.worker_id if worker else None,
        "hub": worker.hub if worker else None,
        "version": worker.version if worker else None,
        "uptime_seconds": round(status.at - worker.started_at, 3) if worker and running else 0,
        "status": status.health.status,
        "reasons": list(status.health.reasons),
        "capacity": worker.capacity if worker else None,
        "task_load": worker.task_load if worker else None,
        "active_tasks": status.tasks_running,
        "containers_active": status.containers_running,
        "tasks_completed_today": status.today.completed,
        "tasks_failed_today": status.today.failed,
        "last_task_time": shapes.time(status.today.last_task_time),
        "cache": {
            "entries": cache.entries,
            "bytes": cache.size_bytes,
            "limit_bytes": cache.limit_bytes,
            "hit_rate": status.hit_rates.get("root"),
            "hit_rates": status.hit_rates,
        },
        "disk": [asdict(disk) | {"used_percent": disk.used_percent} for disk in status.disks],
    }


def tasks(request: Request) -> Response:
    given = Parameters(request.query_params, (*TASK_FILTERS, *PAGING))
    sources: Sources = request.app.state.sources
    wanted = task_filter(given)
    limit, offset = _paging(given)
    with sources.history() as history:
        found = history.tasks(wanted, limit=limit, offset=offset)
        total = history.count_tasks(wanted)
    return _page(request, "tasks", [shapes.shape(task) for task in found], total, limit, offset)


def task_filter(given: Parameters) -> TaskFilter:
    return TaskFilter(
        status=given.word("status", TASK_STATUSES),
        method=given.text("type") or given.text("method"),
        arch=given.text("arch"),
        tag=given.text("tag"),
        failure_class=given.word("failure_class", [str(word) for word in FailureClass]),
        since=given.moment("since"),
        search=given.text("search"),
    )


def task(request: Request) -> Response:
    Parameters(request.query_params, ())
    sources: Sources = request.app.state.sources
    live = sources.live_containers()
    with sources.history() as history:
        found = find_task(history, request)
        directory = Path(found.log_path) if found.log_path else None
        reproduction = history.reproduction(found.task_id)
        return JSONResponse(
            shapes.shape(found)
            | {
                "phases": [shapes.shape(phase) for phase in history.phases(found.task_id)],
                "containers": [
                    shapes.shape(container)
                    for container in containers.page(
                        history, live, task_id=str(found.task_id), limit=LIMIT_MAX
                    ).containers
                ],
                "cache_uses": [shapes.shape(use) for use in history.cache_uses(found.task_id)],
                "reproduction": reproduction and shapes.shape(reproduction),
                "logs": [shapes.shape(file) for file in log_files.listing(directory)],
            }
        )


def find_task(history: History, request: Request) -> Task:
    """Return the task that the request's path names."""
    text = request.path_params["task_id"]
    number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else INTEGER_MAX
    found = history.task(number)
    if found is None:
        raise not_found(f"task {text[:40]}", "task_not_found")
    return found


def container_list(request: Request) -> Response:
    given = Parameters(request.query_params, ("status", "task_id", *PAGING))
    sources: Sources = request.app.state.sources
    limit, offset = _paging(given)
    live = sources.live_containers()
    with sources.history() as history:
        page = containers.page(
            history,
            live,
            task_id=given.text("task_id"),
            status=given.word("status", containers.STATUSES),
            limit=limit,
            offset=offset,
        )
    shown = [shapes.shape(container) for container in page.containers]
    return _page(request, "containers", shown, page.total, limit, offset, reconciled=live is not None)


def container(request: Request) -> Response:
    Parameters(request.query_params, ())
    sources: Sources = request.app.state.sources
    live = sources.live_containers()
    name = request.path_params["container_id"]
    with sources.history() as history:
        found = containers.find(history, live, name)
    if found is None:
        raise not_found(f"container {name[:80]}", "container_not_found")
    return JSONResponse(shapes.container_detail(found) | {"reconciled": live is not None})


def _paging(given: Parameters) -> tuple[int, int]:
    return given.number("limit", PAGE, least=1, most=LIMIT_MAX), given.number("offset", 0)


def _page(
    request: Request, name: str, shown: list[shapes.Json], total: int, limit: int, offset: int, **more: Any
) -> Response:
    following = None
    if offset + len(shown) < total and shown:
        query = dict(request.query_params) | {"limit": str(limit), "offset": str(offset + limit)}
        following = f"{request.url.path}?{urlencode(query)}"
    body = {name: shown, "total": total, "limit": limit, "offset": offset, "next": following, **more}
    return JSONResponse(body)
