"""What systemd is told, and that nobody else can tell it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.daemon.service_manager import VARIABLE, ServiceManager


@pytest.fixture(params=["abstract", "path"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """An address as systemd gives it, and the socket behind it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = (
            f"koji-adjutant-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
        )
        listener.bind(f"\0{name}" if request.param == "abstract" else name)
        listener.settimeout(10)
        yield (f"@{name}" if request.param == "abstract" else name), listener


def test_what_it_is_told(systemd: tuple[str, socket.socket]) -> None:
    address, listener = systemd
    environ = {VARIABLE: address}
    service = ServiceManager(environ)
    assert environ == {}
    service.ready()
    service.status("2 tasks")
    service.status("2 tasks")
    service.stopping()
    told = [listener.recv(4096).decode() for _ in range(3)]
    assert told == ["READY=1", "STATUS=2 tasks", "STOPPING=1\nSTATUS=Ending"]
    service.hand_over()
    assert environ == {VARIABLE: address}


def test_nobody_to_tell() -> None:
    environ: dict[str, str] = {}
    service = ServiceManager(environ)
    service.ready()
    service.hand_over()
    assert environ == {}


def test_a_manager_that_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({VARIABLE: str(tmp_path / "gone")}).ready()
    assert f"The service manager at {tmp_path}/gone was not told: " in caplog.text
