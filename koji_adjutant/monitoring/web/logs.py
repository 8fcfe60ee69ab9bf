"""The endpoint of a task's logs: plain bytes, or events that follow them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from koji_adjutant.monitoring import log_files
from koji_adjutant.monitoring.records import Task
from koji_adjutant.monitoring.web.api import find_task
from koji_adjutant.monitoring.web.follow import Follower, resume_at
from koji_adjutant.monitoring.web.problems import Problem
from koji_adjutant.monitoring.web.query import Parameters, bad
from koji_adjutant.monitoring.web.sources import Sources

TAIL_MAX = 1_000_000
"""Last lines that may be asked for."""


def task_logs(request: Request) -> Response:
    """``tail``: only so many last lines; ``name``: which log; ``follow``: go on while it grows."""
    given = Parameters(request.query_params, ("tail", "follow", "name"))
    sources: Sources = request.app.state.sources
    with sources.history() as history:
        task = find_task(history, request)
    tail = given.number("tail", 0, most=TAIL_MAX) if given.text("tail") else None
    name = given.text("name")
    if name is not None and not log_files.is_log(name):
        raise bad("name", "must be the name of a log, like build.log")
    if given.flag("follow"):
        return _following(request, sources, task, name, tail)
    return _whole(task, name, tail)


def _whole(task: Task, name: str | None, tail: int | None) -> Response:
    directory = Path(task.log_path) if task.log_path else None
    name = name or log_files.main_log(log_files.listing(directory))
    descriptor = log_files.open_log(directory, name) if directory and name else None
    if descriptor is None:
        raise Problem(404, "no_such_log", f"Task {task.task_id} has no log {name or 'here'}.")
    end = log_files.size(descriptor)
    start = 0 if tail is None else log_files.start_of_tail(descriptor, tail)
    return StreamingResponse(
        _closing(descriptor, log_files.pieces(descriptor, start, end)),
        media_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{task.task_id}-{name}"'},
    )


def _closing(descriptor: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    finally:
        os.close(descriptor)


def _following(
    request: Request, sources: Sources, task: Task, name: str | None, tail: int | None
) -> Response:
    def present() -> Task | None:
        with sources.history() as history:
            return history.task(task.task_id)

    follower = Follower(present, _naming(name), tail, stopping=request.app.state.stopping)
    return StreamingResponse(
        follower.events(resume_at(request)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def _naming(name: str | None) -> Callable[[Path], str | None]:
    """Return what chooses the log that was asked for, else the best at first sight, which then stays."""
    chosen = name

    def choose(directory: Path) -> str | None:
        nonlocal chosen
        chosen = chosen or log_files.main_log(log_files.listing(directory))
        return chosen

    return choose
