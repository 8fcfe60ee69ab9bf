"""Requests to the hub as bytes over HTTP, for what koji.ClientSession does not let one do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from koji import xmlrpcplus

TIMEOUT = 60


@dataclass(frozen=True)
class RawSession:
    """A session whose call numbers the caller chooses; without an id it is nobody's."""

    url: str
    session_id: int | None = None
    key: str = ""

    def headers(self, callnum: int | None = None) -> dict[str, str]:
        if self.session_id is None:
            return {}
        headers = {"Koji-Session-Id": str(self.session_id), "Koji-Session-Key": self.key}
        if callnum is not None:
            headers["Koji-Session-Callnum"] = str(callnum)
        return headers

    def call(self, callnum: int, method: str, *params: object) -> Any:
        """The result; raises xmlrpcplus.Fault."""
        return answer(post(self.url, method, *params, headers=self.headers(callnum)))

    def upload(self, data: bytes, **query: str | int) -> Any:
        """``rawUpload`` without a call number: the body is the chunk, everything else is in the query."""
        response = requests.post(
            self.url,
            params={key: str(value) for key, value in query.items()},
            data=data,
            headers=self.headers() | {"Content-Type": "application/octet-stream"},
            timeout=TIMEOUT,
        )
        return answer(response)


def login(url: str, user: str, password: str) -> RawSession:
    reply = answer(post(url, "login", user, password))
    return RawSession(url, reply["session-id"], reply["session-key"])


def post(url: str, method: str, *params: object, headers: dict[str, str] | None = None) -> requests.Response:
    body = xmlrpcplus.dumps(params, methodname=method)
    return requests.post(
        url, data=body, headers={"Content-Type": "text/xml"} | (headers or {}), timeout=TIMEOUT
    )


def answer(response: requests.Response) -> Any:
    """What an XML-RPC response holds; raises xmlrpcplus.Fault."""
    response.raise_for_status()
    (result,), _ = xmlrpcplus.loads(response.content)
    return result
