"""The HTTP side: /kojihub takes XML-RPC and uploads, /kojifiles serves files."""

from __future__ import annotations

from pathlib import Path

import koji
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

# Importing these modules registers their calls.
from koji_adjutant.devhub.builds import (  # noqa: F401
    archives,
    build_creation,
    build_types,
    buildroots,
    builds,
    cancelling,
    changelogs,
    drafts,
    rpm_checksums,
    rpm_import,
    rpms,
    signatures,
)
from koji_adjutant.devhub.core import wire
from koji_adjutant.devhub.people import channels, hosts, policies, sessions, users  # noqa: F401
from koji_adjutant.devhub.repos import dist_repos, repo_init, repo_requests, repos  # noqa: F401
from koji_adjutant.devhub.scheduling import (  # noqa: F401
    host_tasks,
    plugin_calls,
    scheduler,
    task_calls,
)
from koji_adjutant.devhub.server import search, system_calls  # noqa: F401
from koji_adjutant.devhub.server.dispatch import Dispatcher
from koji_adjutant.devhub.server.files import FileTree
from koji_adjutant.devhub.tags import (  # noqa: F401
    external_repos,
    groups,
    inheritance,
    other_content,
    packages,
    tag_changes,
    tag_creation,
    tag_lists,
    tagging,
    tags,
    targets,
)
from koji_adjutant.devhub.tasks import task_output, uploads  # noqa: F401

HEADERS = {"Koji-Version": koji.__version__}
ONLY_POST = "Method Not Allowed\nThis is an XML-RPC server. Only POST requests are accepted.\n"
MAX_UPLOAD = 128 * 1024 * 1024
"""Bytes of one piece of an upload; clients send 1 MB."""


def application(dispatcher: Dispatcher, topdir: Path) -> Starlette:
    """Make the web application over a database and a directory."""

    async def hub(request: Request) -> Response:
        if request.method != "POST":
            return PlainTextResponse(ONLY_POST, status_code=405, headers={**HEADERS, "Allow": "POST"})
        is_upload = request.headers.get("content-type") == "application/octet-stream"
        try:
            body = await _read(request, MAX_UPLOAD if is_upload else wire.MAX_REQUEST)
            answer = dispatcher.upload if is_upload else dispatcher.call
            content = await run_in_threadpool(answer, body, request.headers, request.url.query)
        except wire.BadRequestError as error:
            return PlainTextResponse(f"{error}\n", status_code=400, headers=HEADERS)
        return Response(content, media_type="text/xml", headers=HEADERS)

    async def start(_: Request) -> Response:
        return RedirectResponse("/kojifiles/")

    files = FileTree(topdir)
    routes = [
        Route("/kojihub", hub, methods=["GET", "POST", "PUT", "DELETE"]),
        Route("/kojihub/", hub, methods=["GET", "POST", "PUT", "DELETE"]),
        Route("/kojifiles", files.serve),
        Route("/kojifiles/{path:path}", files.serve),
        Route("/", start),
    ]
    return Starlette(routes=routes)


async def _read(request: Request, limit: int) -> bytes:
    """Read the body. Raises BadRequestError as soon as it is longer than allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise wire.BadRequestError("Request too long")
    return bytes(body)
