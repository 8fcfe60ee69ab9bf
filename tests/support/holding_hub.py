"""A hub's door that holds calls: whoever makes one is at a known place, and can be killed there."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.parsers.expat import ExpatError

import koji
import koji.xmlrpcplus

from tests.support.holding import Holds, Once
from tests.support.http_server import serving

PASSED_ON = ("Content-Type", "Koji-Session-Id", "Koji-Session-Key", "Koji-Session-Callnum", "User-Agent")


@dataclass(frozen=True)
class HubCall:
    """A call as it came: of an upload, ``named`` has what is said of the chunk, as texts."""

    method: str
    arguments: Sequence[Any]
    named: Mapping[str, Any]
    session: str | None


class HeldCall(Once[HubCall]):
    """A call that is held before the hub gets it; or ``answered``, before its sender gets the answer.

    Let go it is passed on unless its sender is gone; with ``late`` also then, as what is under way in a
    network.
    """

    def __init__(
        self, matches: Callable[[HubCall], bool], *, answered: bool = False, late: bool = False
    ) -> None:
        super().__init__(matches)
        self.answered = answered
        self.late = late
        self._done = threading.Event()

    def done(self) -> None:
        self._done.set()

    def is_done(self) -> bool:
        """Return whether the hub has answered the call."""
        return self._done.is_set()


class HoldingHub:
    """``url`` is the hub's for whoever may be held; ``calls`` are those that came there."""

    def __init__(self, hub: str) -> None:
        self.hub = hub
        self.url = ""
        self.calls: list[HubCall] = []
        self.holds: Holds[HubCall] = Holds()

    def hold(
        self, matches: Callable[[HubCall], bool], *, answered: bool = False, late: bool = False
    ) -> HeldCall:
        """Hold the next call that matches."""
        held = HeldCall(matches, answered=answered, late=late)
        self.holds.add(held)
        return held

    def tries(self, task_id: int) -> int:
        """Return how often a task has been begun."""
        return sum(call.method == "host.openTask" and call.arguments[0] == task_id for call in [*self.calls])

    def sessions(self, method: str, task_id: int) -> set[str | None]:
        """Return who has called a method about a task."""
        return {
            call.session for call in [*self.calls] if call.method == method and task_id in call.arguments[:1]
        }


@contextmanager
def holding_hub(hub: str) -> Iterator[HoldingHub]:
    """Stand before the hub of this URL, an address of this machine."""
    holding = HoldingHub(hub)
    with serving(partial(_Handler, holding)) as url:
        holding.url = f"{url}{urlsplit(hub).path}"
        try:
            yield holding
        finally:
            holding.holds.open()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, hub: HoldingHub, *arguments: Any) -> None:
        self._hub = hub
        super().__init__(*arguments)

    def handle(self) -> None:
        """Answer until one of both ends is gone, as it may be here."""
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self._call(body)
        self._hub.calls.append(call)
        held = self._hub.holds.take(call)
        assert held is None or isinstance(held, HeldCall)
        if held and not held.answered:
            held.wait()
            if not held.late and _is_gone(self.connection):
                self.close_connection = True
                return
        status, kind, data = self._passed_on(body)
        if held:
            held.done()
            if held.answered:
                held.wait()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _call(self, body: bytes) -> HubCall:
        session = self.headers["Koji-Session-Id"]
        if self.headers["Content-Type"] == "application/octet-stream":
            return HubCall("rawUpload", (), dict(parse_qsl(urlsplit(self.path).query)), session)
        try:
            parameters, method = koji.xmlrpcplus.loads(body)
        except ExpatError:
            return HubCall("", (), {}, session)
        arguments, named = koji.decode_args(*parameters)
        return HubCall(str(method), arguments, named, session)

    def _passed_on(self, body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self._hub.hub).netloc)
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers["Content-Type"], data

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _is_gone(connection: socket.socket) -> bool:
    """Return whether whoever is at the other end has closed it, or has died."""
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except ConnectionError:
        return True
