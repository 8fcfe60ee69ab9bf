"""A web server that answers as it is told to: once, or always; well, or badly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from tests.support.http_server import serving


@dataclass(frozen=True)
class Answer:
    """``cut`` bytes of the body are not sent, though announced; ``spoilt`` changes the last of them.

    ``body`` is sent instead of the content.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int = 0
    spoilt: bool = False


OK = Answer()


@dataclass
class Site:
    """``content`` by path. The answers of ``first`` are given one after the other, then ``then`` for ever.

    ``requests`` has the path and the Range of each request, as they came.
    """

    content: Mapping[str, bytes]
    first: Sequence[Answer] = ()
    then: Answer = OK
    ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str) -> Answer:
        """Decide on the last request, which is in ``requests`` by now."""
        number = len(self.requests) - 1
        answer = self.first[number] if number < len(self.first) else self.then
        return Answer(404) if unquote(path) not in self.content and answer is OK else answer


@contextmanager
def serving_site(site: Site) -> Iterator[str]:
    """Serve it; the value is its URL, without a slash at the end."""
    with serving(partial(_Handler, site)) as url:
        yield url


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *arguments: object) -> None:
        self._site = site
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        site = self._site
        site.requests.append((self.path, self.headers["Range"]))
        path = unquote(self.path)
        answer = site.answer(self.path)
        body = answer.body if answer.body is not None else site.content.get(path, b"")
        if answer.spoilt:
            body = bytes([*body[:-1], body[-1] ^ 1])
        status, headers = answer.status, dict(answer.headers)
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if wanted and status == 200 and site.ranges:
            if int(wanted[1]) >= len(body):
                status, body = 416, b""
            else:
                status = 206
                headers["Content-Range"] = f"bytes {wanted[1]}-{len(body) - 1}/{len(body)}"
                body = body[int(wanted[1]) :]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - answer.cut])
        self.close_connection = self.close_connection or answer.cut > 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
