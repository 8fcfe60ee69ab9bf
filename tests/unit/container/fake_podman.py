"""An HTTP server on a unix socket with recorded answers of podman's service."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

Answer = tuple[int, object]
"""A status and what is sent as JSON (bytes: as they are)."""

INFO = {
    "version": {"Version": "4.3.1"},
    "host": {
        "arch": "amd64",
        "ociRuntime": {"name": "runc"},
        "security": {"rootless": False},
        "cgroupControllers": ["cpu", "memory", "pids"],
    },
}


class FakePodman:
    """``answers`` maps "METHOD path" (without /v4.0.0/libpod/) to an answer or to what makes one."""

    def __init__(self, directory: Path, answers: Mapping[str, Answer | Callable[[], Answer]]) -> None:
        self.path = directory / "podman.sock"
        self.address = f"unix://{self.path}"
        self.requests: list[str] = []
        self.answers = answers

    @contextlib.contextmanager
    def serving(self) -> Iterator[FakePodman]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = f"{self.command} {urlsplit(self.path).path.removeprefix('/v4.0.0/libpod/')}"
                fake.requests.append(request)
                found = fake.answers.get(request, (404, {"message": f"no such object: {request}"}))
                status, body = found() if callable(found) else found
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(content)

            do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = answer  # noqa: N815 - the server's names

            def log_message(self, *_: object) -> None:
                pass

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        with Server(str(self.path), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
                self.path.unlink()
