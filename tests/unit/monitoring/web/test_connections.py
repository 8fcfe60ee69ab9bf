"""Connections that never come to the point, while others ask."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from koji_adjutant.monitoring.web import connections, guard
from koji_adjutant.monitoring.web.connections import address_of
from koji_adjutant.monitoring.web.sources import Sources
from tests.unit.monitoring.web.conftest import Serving

LONG = 50
HALF = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"


class Client:
    """Connections that a test makes, closed in its end."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        self._stack = stack
        self.url = url

    def connect(self, said: bytes = b"") -> socket.socket:
        host, _, port = urlsplit(self.url).netloc.rpartition(":")
        connection = self._stack.enter_context(socket.create_connection((host, int(port)), LONG))
        connection.sendall(said)
        return connection

    def is_answered(self) -> bool:
        return requests.get(f"{self.url}/api/v1/status", timeout=LONG).status_code == 200


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with ExitStack() as stack:
        yield Client(stack, url)


def is_closed(connection: socket.socket) -> bool:
    """Wait for the other end to close it; what comes before does not count."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


def test_half_open_requests_keep_nobody_from_being_answered(client: Client) -> None:
    many = [client.connect(HALF) for _ in range(3 * connections.WAITING)]
    assert client.is_answered()
    assert all(is_closed(connection) for connection in many[: connections.WAITING])


def test_what_is_answered_is_no_waiting_connection(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that are kept open after an answer count as waiting."""
    monkeypatch.setattr(connections, "WAITING", 2)
    with requests.Session() as session:
        session.get(f"{client.url}/api/v1/status", timeout=LONG)
        late = [client.connect(HALF) for _ in range(3)]
        assert is_closed(late[0])
        assert session.get(f"{client.url}/api/v1/status", timeout=LONG).status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HALF, id="half a request"),
        pytest.param(HALF + b"Content-Length: 1000\r\n\r\n", id="no body"),
        pytest.param(HALF + b"\r\n" + HALF, id="half a second request"),
    ],
)
def test_a_request_has_a_time_limit(client: Client, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    assert is_closed(client.connect(said))
    assert client.is_answered()


def test_requests_of_one_address_are_counted(
    serving: Serving, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PER_ADDRESS", 0)
    with serving(sources) as url:
        answer = requests.get(f"{url}/api/v1/status", timeout=LONG)
    assert (answer.status_code, answer.json()["error_code"]) == (503, "too_many_requests")
    assert "let some of them end" in answer.json()["error"]


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("::1", 1), "::1"),
        (("::ffff:192.0.2.7", 1), "192.0.2.7"),
        (("testclient", 1), "testclient"),
        (None, ""),
    ],
    ids=["v4", "v6", "zone", "loopback", "mapped", "name", "none"],
)
def test_whom_a_connection_is_counted_for(client: tuple[str, int] | None, address: str) -> None:
    assert address_of(client) == address
