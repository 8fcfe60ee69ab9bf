"""Requests to podman's service: a client of its own for each process, and its errors as ours."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import requests
import urllib3

from koji_adjutant.container.diagnosis import explain
from koji_adjutant.errors import ContainerTimeout, EngineError, chain


class Client(Protocol):
    """What is used of podman-py's APIClient, which is a requests.Session for podman's addresses."""

    def get(self, path: str, **options: Any) -> Any: ...
    def put(self, path: str, **options: Any) -> Any: ...
    def post(self, path: str, **options: Any) -> Any: ...
    def delete(self, path: str, **options: Any) -> Any: ...
    def head(self, path: str, **options: Any) -> Any: ...
    def close(self) -> None: ...


class RefusedError(EngineError):
    """The engine answered with an HTTP error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Stream:
    """A response that is read while the engine sends it."""

    def __init__(self, response: Any, what: str) -> None:
        self._response = response
        self._what = what

    def read(self, size: int = -1) -> bytes:
        """Read ``size`` bytes, fewer only at the end; all that is left if ``size`` is negative.

        So it can stand for a binary file's read. Raises EngineError if the connection is lost.
        """
        try:
            data: bytes = self._response.raw.read(size if size >= 0 else None)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _lost(self._what, error) from error
        return data

    def close(self) -> None:
        self._response.close()


class Connection:
    """The way to one engine.

    ``revive`` is called, and the request repeated, where nothing listens any more at a service that we
    started ourselves: nothing of the request has been sent then. A question whose connection broke before
    the answer came is asked again too, for asking changes nothing.
    """

    def __init__(
        self, address: str, connect: Callable[[], Client], revive: Callable[[], None] | None
    ) -> None:
        self.address = address
        self._connect = connect
        self._revive = revive
        self._client: Client | None = None
        self._pid = 0
        self._inherited: list[Client | None] = []

    def service(self) -> object:
        """Return what tells a service at a socket of this machine from the next: each makes the file anew."""
        path = Path(self.address.removeprefix("unix://"))
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_ctime_ns

    def check_service(self, service: object) -> None:
        """Raise EngineError if a command's output may have ended with its ``service``.

        To be called after a request, which would have started another one.
        """
        if self.service() != service:
            raise EngineError("podman's service ended while a command ran, and took its output with it")

    def close(self) -> None:
        """Close this process's client; a forked child leaves its parent's alone."""
        if self._client is not None and self._pid == os.getpid():
            self._client.close()
        self._client = None

    def json(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return the answer's JSON, None for an empty answer.

        ``options`` are those of ``request``. Raises what that raises, and EngineError for what is not JSON.
        """
        response = self.request(method, path, **options)
        try:
            return json.loads(response.content) if response.content.strip() else None
        except ValueError as error:
            raise EngineError(
                f"{self.address} answered {method} {path} with something else than JSON"
            ) from error

    @contextlib.contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[Stream]:
        """Send a request and yield the answer as a stream, as soon as its headers have come.

        ``options`` and errors are those of ``request``.
        """
        stream = Stream(self.request(method, path, stream=True, **options), f"{method} {path}")
        try:
            yield stream
        finally:
            stream.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: object = None,
        data: Iterable[bytes] | None = None,
        timeout: float | None = None,
        stream: bool = False,
    ) -> Any:
        """Send one request and return the answer, a ``requests.Response``.

        ``body`` is sent as JSON, ``data`` as a tar stream; the engine may be silent for ``timeout`` seconds.
        Raises RefusedError for an error status, ContainerTimeout, or EngineError where nobody answers.
        """
        what = f"{method} {path}"
        options: dict[str, Any] = {"params": _params(params or {}), "timeout": timeout, "stream": stream}
        if body is not None:
            options |= {"data": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        elif data is not None:
            options |= {"data": data, "headers": {"Content-Type": "application/x-tar"}}
        try:
            response = self._send(method, path, options)
        except requests.RequestException as error:
            again = _nobody_listens(error) or (method in ("GET", "HEAD") and _broke(error))
            if self._revive is None or not again:
                raise self._unreachable(what, timeout, error) from error
            self._revive()
            try:
                response = self._send(method, path, options)
            except requests.RequestException as second:
                raise self._unreachable(what, timeout, second) from second
        if response.status_code >= requests.codes.bad_request:
            raise RefusedError(response.status_code, explain(_message(response)))
        return response

    def _send(self, method: str, path: str, options: Mapping[str, Any]) -> Any:
        if self._client is None or self._pid != os.getpid():
            # A forked child's copy of the connections is its parent's: neither used nor closed.
            self._inherited.append(self._client)
            self._client = self._connect()
            self._pid = os.getpid()
        return getattr(self._client, method.lower())(path, **options)

    def _unreachable(self, what: str, timeout: float | None, error: Exception) -> EngineError:
        links = list(chain(error))
        if any(
            isinstance(link, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError))
            for link in links
        ):
            return ContainerTimeout(f"podman at {self.address} did not answer {what} within {timeout:g} s")
        if _nobody_listens(error):
            return EngineError(
                f"nothing answers at podman_socket = {self.address}: start it with "
                "`systemctl enable --now podman.socket`, or leave podman_socket unset for a private service"
            )
        return _lost(what, links[-1])


def _params(params: Mapping[str, object]) -> dict[str, object]:
    """Write booleans as Go does, and dicts as JSON."""

    def text(value: object) -> object:
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value) if isinstance(value, dict) else value

    return {key: text(value) for key, value in params.items()}


def _nobody_listens(error: BaseException) -> bool:
    return any(isinstance(link, (ConnectionRefusedError, FileNotFoundError)) for link in chain(error))


def _broke(error: BaseException) -> bool:
    """Return whether the service went away between request and answer.

    http.client's RemoteDisconnected is a ConnectionResetError.
    """
    return any(isinstance(link, (ConnectionResetError, BrokenPipeError)) for link in chain(error))


def _lost(what: str, error: BaseException) -> EngineError:
    return EngineError(f"the connection to podman was lost during {what} ({error}): see the service's log")


def _message(response: Any) -> str:
    try:
        answer = json.loads(response.content)
        return str(answer["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}: {response.text.strip()}"


def path_segment(name: str) -> str:
    """Quote a container's or image's name as one part of a request's path, which it cannot leave."""
    return quote(name, safe=":@")
