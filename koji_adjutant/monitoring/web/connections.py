"""Connections on which no request is being answered: limited in time and in number.

uvicorn has a time limit for silence after an answer, and counts connections of all kinds alike. Whoever opens
many and finishes no request would have all that there are, and everybody else a 503.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""Seconds in which a request has to be there, from when its connection was made or the last one answered."""
WAITING = 128
"""Connections that wait for a request at a time."""


class ClientConnection(H11Protocol):
    """uvicorn's connection, which has ``HEADER_SECONDS`` for a request and is one of ``WAITING``."""

    waiting: Waiting
    """Shared by all connections of a server; ``connection_class`` sets it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_unless_answering()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which begins with the next request, if that is there already
        self._wait_unless_answering()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Close the connection, without a word: whoever is at its other end has not asked for anything."""
        self.transport.abort()

    def _wait_unless_answering(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        else:
            self._wait()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.give_up)
            self.waiting.add(self, address_of(self.client))

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self.waiting.discard(self, address_of(self.client))


class Waiting:
    """Who waits, by address; if there are too many, the address with the most loses the one it made first."""

    def __init__(self) -> None:
        self._by_address: dict[str, dict[ClientConnection, None]] = {}
        self._count = 0

    def add(self, connection: ClientConnection, address: str) -> None:
        self._by_address.setdefault(address, {})[connection] = None
        self._count += 1
        if self._count > WAITING:
            most = max(self._by_address, key=lambda one: len(self._by_address[one]))
            first = next(iter(self._by_address[most]))
            self.discard(first, most)
            first.give_up()

    def discard(self, connection: ClientConnection, address: str) -> None:
        """Forget a connection, which may be forgotten already."""
        ours = self._by_address.get(address, {})
        if connection in ours:
            del ours[connection]
            self._count -= 1
        if not ours:
            self._by_address.pop(address, None)


def connection_class() -> type[ClientConnection]:
    """Return the class of one server's connections, for uvicorn's ``http``."""
    return type("ClientConnection", (ClientConnection,), {"waiting": Waiting()})


def address_of(client: tuple[str, int] | None) -> str:
    """Return whom a connection is counted for: an address, or the network that one customer has in IPv6."""
    if client is None:
        return ""
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return client[0]
    if address.version == 4 or address.is_loopback:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
