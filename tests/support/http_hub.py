"""A server that speaks koji's XML-RPC, answers what a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import koji
import koji.xmlrpcplus

from tests.support.http_server import serving

Call = tuple[str, Sequence[Any], Mapping[str, Any]]
SESSION = {"session-id": 7, "session-key": "key", "header-auth": True}


@contextmanager
def hub(answer: Callable[[str, tuple[Any, ...]], Any]) -> Iterator[tuple[str, list[Call]]]:
    """Its URL, and the calls so far: method, arguments, named arguments."""
    called: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            params, method = koji.xmlrpcplus.loads(body)
            called.append((method, *koji.decode_args(*params)))
            try:
                reply = koji.xmlrpcplus.dumps((answer(method, params),), methodresponse=1, allow_none=1)
            except koji.GenericError as error:
                reply = koji.xmlrpcplus.dumps(koji.xmlrpcplus.Fault(error.faultCode, str(error)))
            data = reply.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with serving(Handler) as url:
        yield f"{url}/kojihub", called
