from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from koji_adjutant.monitoring.web.sources import Sources
from tests.unit.monitoring.web.conftest import Serving

TOKEN = "a s3cret wörd"


@pytest.fixture
def guarded(serving: Serving, sources: Sources) -> Iterator[str]:
    with serving(sources, TOKEN) as url:
        yield url


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/metrics", "/static/style.css", "/nothing"])
def test_the_token_is_needed_everywhere(guarded: str, path: str) -> None:
    answer = requests.get(guarded + path, timeout=60)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "unauthorized")
    assert "Basic" in answer.headers["www-authenticate"]
    assert TOKEN not in answer.text


def test_ways_to_show_the_token(guarded: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}".encode()}
    assert requests.get(f"{guarded}/metrics", timeout=60, headers=bearer).status_code == 200
    password = {"Authorization": b"Basic " + base64.b64encode(f"anybody:{TOKEN}".encode())}
    assert requests.get(f"{guarded}/", timeout=60, headers=password).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer ",
        "bearer a s3cret w",
        "Token a s3cret",
        "Basic ???",
        "Basic czNjcmV0",
        "Basic /w==",
    ],
)
def test_what_is_no_token(guarded: str, authorization: str) -> None:
    answer = requests.get(f"{guarded}/", timeout=60, headers={"Authorization": authorization})
    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(url: str, method: str) -> None:
    answer = requests.request(method, f"{url}/api/v1/tasks", timeout=60)
    assert (answer.status_code, answer.json()["error_code"]) == (405, "read_only")
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/status", "/metrics", "/static/live.js", "/nothing", "/tasks/1"]
)
def test_every_answer_is_hardened(url: str, path: str) -> None:
    headers = requests.get(url + path, timeout=60).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("evil.example.com", 400),
        ("evil.example.com:8080", 400),
        ("127.0.0.1.evil.example.com", 400),
        ("", 400),
    ],
)
def test_a_page_of_somebody_else_s_gets_nothing(url: str, host: str, status: int) -> None:
    """Whose name was made to mean this machine (DNS rebinding)."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/api/v1/status", headers={"Host": host})
    assert connection.getresponse().status == status
    connection.close()
