"""What every request passes: who may ask, and what every answer carries."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections import Counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from koji_adjutant.monitoring.web.connections import address_of
from koji_adjutant.monitoring.web.problems import Problem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
METHODS = ("GET", "HEAD")
PER_ADDRESS = 256
"""Requests of one address that are answered at a time: half of what the server answers, so that others are
answered too."""


class Guard:
    """ASGI middleware: only reading, only with the token if there is one, so many requests at a time.

    The token is taken as a bearer token, or as the password of HTTP basic authentication, for which a
    browser asks by itself. Without a token only names of this machine, or addresses, are taken as Host: a
    page of somebody else's, whose name was made to mean this machine, gets nothing.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token
        self._answering: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        address = address_of(scope.get("client"))
        self._answering[address] += 1
        try:
            refusal = self._refusal(scope["method"], Headers(scope=scope), address)
            await (refusal or self._app)(scope, receive, send_guarded)
        finally:
            self._answering[address] -= 1
            if not self._answering[address]:
                del self._answering[address]

    def _refusal(self, method: str, headers: Headers, address: str) -> Response | None:
        if method not in METHODS:
            answer = Problem(405, "read_only", "Nothing can be changed here: use GET.").as_json()
            answer.headers["Allow"] = ", ".join(METHODS)
            return answer
        if self._answering[address] > PER_ADDRESS:
            sentence = f"{PER_ADDRESS} requests from your address are being answered: let some of them end."
            return Problem(503, "too_many_requests", sentence).as_json()
        if self._token is None:
            if not _is_local_name(headers.get("host", "")):
                sentence = (
                    "This server answers only under this machine's own name as long as it has no token."
                )
                return Problem(400, "bad_host", sentence).as_json()
        elif not _shows(headers.get("authorization", ""), self._token):
            sentence = "The token is missing or wrong: send it as Authorization: Bearer TOKEN."
            answer = Problem(401, "unauthorized", sentence).as_json()
            answer.headers["WWW-Authenticate"] = 'Basic realm="koji-adjutant, password: monitoring_token"'
            answer.headers.append("WWW-Authenticate", "Bearer")
            return answer
        return None


def _shows(authorization: str, token: str) -> bool:
    kind, _, given = authorization.encode("latin-1").partition(b" ")
    if kind.lower() == b"basic":
        try:
            given = base64.b64decode(given, validate=True).partition(b":")[2]
        except binascii.Error:
            return False
    elif kind.lower() != b"bearer":
        return False
    return hmac.compare_digest(given.strip(), token.encode())


def _is_local_name(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
