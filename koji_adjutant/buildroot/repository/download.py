"""One HTTP download, as patient and careful as librepo's: bytes as the server has them, and a bound."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import MutableMapping
from typing import BinaryIO

import requests
import urllib3
from requests import codes

from koji_adjutant.errors import BuildrootError
from koji_adjutant.text import innermost_reason

CHUNK = 1 << 18
TIMEOUT = (30, 120)
"""Seconds: for a connection, and for silence."""
SPEED_LIMIT = 1000
"""Bytes a second: a server that sends fewer for ``SPEED_TIME`` is given up; both are librepo's defaults."""
SPEED_TIME = 120.0
REDIRECTS = 6
"""As many as librepo follows."""

_PASSING = {codes.request_timeout, codes.too_many_requests, codes.too_early}
# files are what their checksums say: no server is to pack them once more
_HEADERS = {"Accept-Encoding": "identity"}
_local = threading.local()


class FileMissingError(BuildrootError):
    """The server, or the directory, can be reached but does not have the file."""


class PassingError(BuildrootError):
    """What another attempt may get past: ``pause`` is how many seconds the server asks to wait for it."""

    def __init__(self, message: str, pause: float = 0.0) -> None:
        super().__init__(message)
        self.pause = pause


def read_url(url: str, limit: int, proxy: str | None = None) -> bytes:
    """Return what is at ``url``, at most ``limit`` bytes. Raises as ``download``."""
    content = io.BytesIO()
    download(url, content, limit, proxy)
    return content.getvalue()


def download(url: str, file: BinaryIO, limit: int, proxy: str | None = None) -> None:
    """Append to ``file`` what the server has beyond the bytes that are there.

    Begins anew where the server cannot go on in the middle. Raises FileMissingError if there is nothing at
    ``url``, PassingError for what may be over in a moment (the file then has what came), BuildrootError for a
    refusal, and for more than ``limit`` bytes.
    """
    if file.tell() >= limit:
        _begin_anew(file)
    have = file.tell()
    headers = {**_HEADERS, "Range": f"bytes={have}-"} if have else _HEADERS
    proxies: MutableMapping[str, str] | None = {"http": proxy, "https": proxy} if proxy else None
    try:
        with _session().get(url, headers=headers, proxies=proxies, timeout=TIMEOUT, stream=True) as answer:
            if have and answer.status_code == codes.requested_range_not_satisfiable:
                _begin_anew(file)
                raise PassingError(f"{url} ended early")
            _check_status(url, answer)
            if have and not _goes_on_at(answer, have):
                _begin_anew(file)
            _write(url, answer, file, limit)
    except requests.TooManyRedirects as error:
        raise BuildrootError(f"{url} leads from one address to the next, {REDIRECTS} times") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise BuildrootError(f"{url} is no address of a web server") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise PassingError(f"{url} cannot be downloaded: {innermost_reason(error)}") from error


def _check_status(url: str, answer: requests.Response) -> None:
    if answer.status_code in (codes.not_found, codes.gone):
        raise FileMissingError(f"there is no {url}")
    if answer.ok:
        return
    message = f"{url} cannot be read: {answer.status_code} {answer.reason}"
    if answer.status_code >= codes.server_error or answer.status_code in _PASSING:
        raise PassingError(message, _asked_to_wait(answer))
    raise BuildrootError(message)


def _asked_to_wait(answer: requests.Response) -> float:
    """Return Retry-After's seconds; its other form, a date, is left to our own pauses."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0


def _goes_on_at(answer: requests.Response, place: int) -> bool:
    """Check Content-Range (``bytes 17-41/42``): not every server does what was asked."""
    begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return answer.status_code == codes.partial_content and begins.strip() == str(place)


def _begin_anew(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _write(url: str, answer: requests.Response, file: BinaryIO, limit: int) -> None:
    """Take the body as it is: servers that call a packed file's packing their own would have it undone."""
    window, since = 0, time.monotonic()
    while data := answer.raw.read1(CHUNK, decode_content=False):
        if file.tell() + len(data) > limit:
            raise BuildrootError(f"{url} has more than the {limit} bytes that it may have")
        file.write(data)
        window += len(data)
        elapsed = time.monotonic() - since
        if elapsed > SPEED_TIME:
            if window < SPEED_LIMIT * elapsed:
                raise PassingError(f"{url} came with less than {SPEED_LIMIT} bytes a second")
            window, since = 0, time.monotonic()


def _session() -> requests.Session:
    """Return one for each thread, so that connections are used again."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.max_redirects = REDIRECTS
    session: requests.Session = _local.session
    return session
