"""The dashboard: pages made here, kept up to date by static/live.js where there is JavaScript."""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from koji_adjutant.monitoring import containers, log_files
from koji_adjutant.monitoring.history import TaskFilter
from koji_adjutant.monitoring.records import RUNNING, Task
from koji_adjutant.monitoring.web import api, follow, shapes, timeline, wording
from koji_adjutant.monitoring.web.ansi import Renderer
from koji_adjutant.monitoring.web.follow import Follower
from koji_adjutant.monitoring.web.problems import Problem, not_found
from koji_adjutant.monitoring.web.query import LIMIT_MAX, Parameters
from koji_adjutant.monitoring.web.sources import Sources
from koji_adjutant.text import printable

PAGE = 25
"""Rows of a page."""
BEFORE = 64 << 10
"""Bytes of a log that a page shows before the place that is looked at."""
AFTER = 192 << 10
"""Bytes of a log that a page shows after the place that is looked at."""


def _visible(value: object) -> object:
    """Make characters visible that turn text round, or are nothing to see."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("koji_adjutant.monitoring.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_visible,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {
    "duration": wording.duration,
    "size": wording.size,
    "ago": wording.ago,
    "clock": wording.clock,
    "status_word": wording.status_word,
    "short": wording.short,
    "iso": shapes.time,
    "shell_words": shlex.join,
}
_templates.globals |= {"percent": wording.percent}


def overview(request: Request) -> Response:
    given = Parameters(request.query_params, (*api.TASK_FILTERS, "offset"))
    sources: Sources = request.app.state.sources
    wanted, offset, now = api.task_filter(given), given.number("offset", 0), time.time()
    wanted = replace(wanted, ended=wanted.status != RUNNING)
    status = api.status_of(sources)
    with sources.history() as history:
        running = history.tasks(TaskFilter(status=RUNNING), limit=LIMIT_MAX)
        found = history.tasks(wanted, limit=PAGE, offset=offset)
        total = history.count_tasks(wanted)
        ended = history.ended(now - timeline.HOURS * 3600, 3600)
        phases = {task.task_id: history.phases(task.task_id) for task in running}
    return _page(
        "overview.html",
        request,
        status=status,
        running=[(task, timeline.bars(task, phases[task.task_id], now)) for task in running],
        tasks=found,
        longest=max((task.seconds(now) for task in found), default=0),
        total=total,
        offset=offset,
        older=_elsewhere(request, offset + PAGE) if offset + PAGE < total else None,
        newer=_elsewhere(request, max(0, offset - PAGE)) if offset else None,
        columns=timeline.columns(ended),
        wanted=wanted,
        statuses=api.TASK_STATUSES,
    )


def _elsewhere(request: Request, offset: int) -> str:
    return "/?" + urlencode(dict(request.query_params) | {"offset": str(offset)}) + "#history"


def task(request: Request) -> Response:
    Parameters(request.query_params, ())
    sources: Sources = request.app.state.sources
    now, live = time.time(), sources.live_containers()
    with sources.history() as history:
        found = api.find_task(history, request)
        phases = history.phases(found.task_id)
        uses = history.cache_uses(found.task_id)
        reproduction = history.reproduction(found.task_id)
        of_task = containers.page(history, live, task_id=str(found.task_id), limit=LIMIT_MAX)
    logs = log_files.listing(Path(found.log_path) if found.log_path else None)
    name = (found.failure and found.failure.log) or log_files.main_log(logs)
    view = _end_of_log(found, name) if name else None
    return _page(
        "task.html",
        request,
        task=found,
        bars=timeline.bars(found, phases, now),
        containers=of_task.containers,
        path_task=str(found.task_id),
        uses=uses,
        reproduction=reproduction,
        logs=logs,
        log_name=name,
        view=view,
    )


class LogView:
    """Lines of a log that are shown, and where they lie in it."""

    def __init__(self, start: int, data: bytes, size: int, task: Task) -> None:
        self.start = start
        self.end = start + len(data)
        self.size = size
        renderer = Renderer(start, task.failure.excerpt if task.failure else ())
        self.html = Markup().join([*renderer.feed(data), *renderer.end()])


def _end_of_log(task: Task, name: str, lines: int = 300) -> LogView | None:
    descriptor = _open(task, name)
    if descriptor is None:
        return None
    try:
        size = log_files.size(descriptor)
        start = max(log_files.start_of_tail(descriptor, lines), size - BEFORE)
        return LogView(start, os.pread(descriptor, size - start, start), size, task)
    finally:
        os.close(descriptor)


def log(request: Request) -> Response:
    """Show a part of a log: around ``at``, else its end."""
    given = Parameters(request.query_params, ("at",))
    sources: Sources = request.app.state.sources
    with sources.history() as history:
        found = api.find_task(history, request)
    name = request.path_params["name"]
    descriptor = _open(found, name)
    if descriptor is None:
        raise Problem(404, "no_such_log", f"Task {found.task_id} has no log {name[:80]}.")
    try:
        size = log_files.size(descriptor)
        at = min(given.number("at", size), size)
        view = LogView(*log_files.window(descriptor, at, BEFORE, AFTER), size, found)
    finally:
        os.close(descriptor)
    return _page("log.html", request, task=found, log_name=name, view=view, before=BEFORE, after=AFTER)


def live_log(request: Request) -> Response:
    """Send the lines that come, as the HTML that ``log`` shows, from the offset ``at``."""
    given = Parameters(request.query_params, ("at",))
    sources: Sources = request.app.state.sources
    with sources.history() as history:
        found = api.find_task(history, request)
    name = request.path_params["name"]
    if not log_files.is_log(name):
        raise Problem(404, "no_such_log", f"Task {found.task_id} has no log {name[:80]}.")

    def present() -> Task | None:
        with sources.history() as history:
            return history.task(found.task_id)

    follower = Follower(
        present, lambda _directory: name, formatter=_HtmlFormatter(), stopping=request.app.state.stopping
    )
    begin = follow.resume_at(request) or given.number("at", 0)
    return StreamingResponse(follower.events(begin), media_type="text/event-stream")


class _HtmlFormatter:
    def begin(self, offset: int) -> None:
        self._renderer = Renderer(offset)

    def feed(self, piece: bytes) -> str | None:
        return Markup().join(self._renderer.feed(piece)) or None

    def finish(self) -> str | None:
        return Markup().join(self._renderer.end()) or None


def _open(task: Task, name: str) -> int | None:
    return log_files.open_log(Path(task.log_path), name) if task.log_path else None


def container(request: Request) -> Response:
    Parameters(request.query_params, ())
    sources: Sources = request.app.state.sources
    live = sources.live_containers()
    name = request.path_params["container_id"]
    with sources.history() as history:
        found = containers.find(history, live, name)
        if found is None:
            raise not_found(f"container {name[:80]}", "container_not_found")
        of_task = history.task(int(found.task_id)) if found.task_id.isdecimal() else None
    return _page("container.html", request, container=found, task=of_task, reconciled=live is not None)


def container_list(request: Request) -> Response:
    given = Parameters(request.query_params, ("offset",))
    sources: Sources = request.app.state.sources
    offset, live = given.number("offset", 0), sources.live_containers()
    with sources.history() as history:
        page = containers.page(history, live, limit=PAGE, offset=offset)
    return _page(
        "containers.html",
        request,
        containers=page.containers,
        path_task=None,
        total=page.total,
        offset=offset,
        size=PAGE,
        reconciled=live is not None,
    )


def problem(request: Request, error: Problem) -> Response:
    return _page("problem.html", request, status_code=error.status, error=error)


def _page(template: str, request: Request, *, status_code: int = 200, **values: Any) -> Response:
    now = time.time()
    shown = _templates.get_template(template).render(now=now, path=request.url.path, **values)
    return HTMLResponse(shown, status_code=status_code)


ROUTES = (
    Route("/", overview),
    Route("/tasks/{task_id}", task),
    Route("/tasks/{task_id}/logs/{name}", log),
    Route("/tasks/{task_id}/logs/{name}/live", live_log),
    Route("/containers", container_list),
    Route("/containers/{container_id}", container),
)
