"""Listening and answering, until asked to stop."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette

from koji_adjutant.monitoring.web.connections import connection_class

STOP_SECONDS = 2
"""Seconds that requests have to end when the server stops."""
CONNECTIONS = 512
"""More at a time are refused (503)."""
BACKLOG = 128
"""Connections that are accepted in one go, before those that are too many are closed."""


class ListenError(Exception):
    """The address is not available; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: only then does asyncio turn off Nagle's delay, which costs an answer in two pieces 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; set monitoring_bind to a"
            " free address, or stop what uses this one"
        ) from error
    return listener


def make_server(app: Starlette) -> uvicorn.Server:
    """Make a server whose ``run(sockets=[listener])`` answers until SIGTERM or SIGINT."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            http=connection_class(),
            limit_concurrency=CONNECTIONS,
            backlog=BACKLOG,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    app.state.stopping = lambda: server.should_exit
    return server
