"""HTTP servers in a thread of the tests' own process, and clients that do not wait for them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler
from threading import Thread

import pytest

from koji_adjutant.buildroot.repository import attempts

LOOKS_EVERY = 0.02
"""Seconds between two looks whether a server is to end: the standard library's half a second adds up."""


class QuietFiles(SimpleHTTPRequestHandler):
    """Serves a directory and writes no line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


CREDENTIALS = "me:geheim"
"""What ``ProtectedFiles`` asks for; the second part must be seen nowhere."""


class ProtectedFiles(QuietFiles):
    """Answers only to a name and a password."""

    def do_GET(self) -> None:
        if self.is_allowed():
            super().do_GET()

    def is_allowed(self) -> bool:
        """Whether the request has both; the answer has been sent if not."""
        expected = f"Basic {base64.b64encode(CREDENTIALS.encode()).decode()}"
        if self.headers.get("Authorization") == expected:
            return True
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="tests"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False


@contextmanager
def serving(handler: Callable[..., BaseRequestHandler]) -> Iterator[str]:
    """Answer on a free port of the loopback interface; the value is ``http://127.0.0.1:PORT``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def in_thread(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server answer as long as the block runs."""
    thread = Thread(target=server.serve_forever, args=(LOOKS_EVERY,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def serving_files(directory: Path) -> AbstractContextManager[str]:
    """Serve a directory's files; the value is its URL, without a slash at the end."""
    return serving(partial(QuietFiles, directory=str(directory)))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory, and the URL that it can be read at."""
    directory = tmp_path / "served"
    directory.mkdir()
    with serving_files(directory) as url:
        yield directory, url


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not there is asked as often as ever, without the pauses that grow in between."""
    monkeypatch.setattr(attempts, "PAUSES", (0.0,) * len(attempts.PAUSES))
