"""The server process: a real one, without an engine to ask."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from koji_adjutant.config import KojidOptions
from koji_adjutant.config.values import Address
from koji_adjutant.daemon import http_server
from koji_adjutant.daemon.http_server import HttpServer
from koji_adjutant.monitoring import database
from tests.support.ports import reserved_port

LONG = 120


@pytest.fixture
def port() -> Iterator[int]:
    with reserved_port() as port:
        yield port


@pytest.fixture
def server(options: KojidOptions, port: int) -> Iterator[HttpServer]:
    ours = options.adjutant
    ours.state_dir.mkdir()
    journal = database.path_in(ours.state_dir)
    database.prepare(journal)
    options.worker_id = "hub-host1"
    options.adjutant = replace(ours, monitoring_bind=Address("127.0.0.1", port), monitoring_token="s3cret")
    server = HttpServer(options, journal)
    yield server
    server.stop()


def url(options: KojidOptions) -> str:
    return f"http://{options.adjutant.monitoring_bind}/api/v1/status"


def answer(options: KojidOptions) -> requests.Response | None:
    try:
        return requests.get(url(options), timeout=LONG, headers={"Authorization": "Bearer s3cret"})
    except requests.exceptions.ConnectionError:
        return None


def until_it_answers(options: KojidOptions, server: HttpServer) -> requests.Response:
    deadline = time.monotonic() + LONG
    while (got := answer(options)) is None:
        server.tend()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return got


def pid_of(server: HttpServer) -> int:
    assert server._process
    return server._process.pid


def test_it_serves_and_stops(server: HttpServer, options: KojidOptions) -> None:
    server.tend()
    got = until_it_answers(options, server)
    assert got.status_code == 200
    assert got.json()["reasons"] == ["no worker has ever written to this journal"]
    command = Path(f"/proc/{pid_of(server)}/cmdline").read_bytes()
    environment = Path(f"/proc/{pid_of(server)}/environ").read_bytes()
    assert b"s3cret" not in command + environment
    server.stop()
    assert answer(options) is None


def test_it_is_started_again(
    server: HttpServer,
    options: KojidOptions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(server, "_pause", 0.0)
    server.tend()
    until_it_answers(options, server)
    first = pid_of(server)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    server.tend()
    assert "Monitoring is not served, builds go on: it ended with status -9" in caplog.text
    assert until_it_answers(options, server).status_code == 200
    assert pid_of(server) != first


def test_a_port_that_somebody_has_is_said_once(
    server: HttpServer,
    options: KojidOptions,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(http_server, "PAUSE", 0.0)
    monkeypatch.setattr(server, "_pause", 0.0)
    bind = options.adjutant.monitoring_bind
    with socket.create_server((bind.host, bind.port)):
        for _ in range(2):
            server.tend()
            process = server._process
            assert process
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            server.tend()
    assert caplog.text.count("cannot listen on 127.0.0.1 port") == 1
    assert "set monitoring_bind" in caplog.text
    assert until_it_answers(options, server).status_code == 200


def test_pauses_grow(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    starts = []
    for now in range(1000, 1100):
        before = server._process
        server.tend()
        if server._process is not None and server._process is not before:
            starts.append(now - 1000)
            server._process.wait()
    assert starts == [0, 2, 5, 10, 19, 36, 69]


def test_it_does_not_outlive_the_worker(tmp_path: Path, options: KojidOptions, port: int) -> None:
    """A worker that is killed, and can stop nobody any more."""
    journal = database.path_in(tmp_path)
    database.prepare(journal)
    program = (
        "import sys, time; from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from koji_adjutant.config import KojidOptions\n"
        "from koji_adjutant.config.values import Address\n"
        "from koji_adjutant.daemon.http_server import HttpServer\n"
        "options = KojidOptions(server='http://hub')\n"
        f"bind, state = Address('127.0.0.1', {port}), Path({str(tmp_path)!r})\n"
        "options.adjutant = replace(options.adjutant, state_dir=state, monitoring_bind=bind)\n"
        f"server = HttpServer(options, Path({str(journal)!r}))\n"
        "server.tend(); print(server._process.pid, flush=True); time.sleep(1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        served = int(worker.stdout.readline())
        options.adjutant = replace(options.adjutant, monitoring_bind=Address("127.0.0.1", port))
        deadline = time.monotonic() + LONG
        while answer(options) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        worker.kill()
    while command_line(served):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def command_line(pid: int) -> bytes:
    """Nothing if the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
