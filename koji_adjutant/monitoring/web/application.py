"""The web application: what is found where."""

from __future__ import annotations

import importlib.resources
import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from koji_adjutant.monitoring.web import api, logs, metrics, openapi, pages
from koji_adjutant.monitoring.web.guard import Guard
from koji_adjutant.monitoring.web.problems import Problem
from koji_adjutant.monitoring.web.sources import Sources

logger = logging.getLogger(__name__)

API = "/api/v1"
ROUTES = (
    Route(f"{API}/status", api.status),
    Route(f"{API}/tasks", api.tasks),
    Route(f"{API}/tasks/{{task_id}}", api.task),
    Route(f"{API}/tasks/{{task_id}}/logs", logs.task_logs),
    Route(f"{API}/containers", api.container_list),
    Route(f"{API}/containers/{{container_id}}", api.container),
    Route(f"{API}/metrics", metrics.metrics),
    Route(f"{API}/openapi.json", openapi.document),
    Route("/metrics", metrics.metrics),
    *pages.ROUTES,
)


def application(sources: Sources, token: str | None = None) -> Starlette:
    static = str(importlib.resources.files(__package__) / "static")
    app = Starlette(
        routes=[*ROUTES, Mount("/static", StaticFiles(directory=static))],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers={
            Problem: _problem,
            HTTPException: _http_error,
            Exception: _fault,
        },
    )
    app.state.sources = sources
    return app


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what it is registered for
    return _answer(request, error)


def _http_error(request: Request, error: Exception) -> Response:
    """Answer Starlette's own errors: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 404:
        return _answer(request, Problem(404, "not_found", f"There is nothing at {request.url.path[:200]}."))
    return _answer(request, Problem(error.status_code, "bad_request", f"{error.detail}."))


def _fault(request: Request, error: Exception) -> Response:
    """Answer for a fault of ours: whoever asked learns no more than that."""
    logger.error("Answering %s failed", request.url.path, exc_info=error)
    return _answer(request, Problem(500, "internal_error", "This server failed; its log says how."))


def _answer(request: Request, problem: Problem) -> Response:
    """Answer programs with JSON, browsers with a page."""
    is_page = not request.url.path.startswith((API, "/metrics", "/static"))
    return pages.problem(request, problem) if is_page else problem.as_json()
