"""A hub in a process of its own, for tests and tools."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import koji

from koji_adjutant.devhub.server.directory import ADMIN, LOG_FILE, READY_FILE
from koji_adjutant.errors import AdjutantError

START_TIMEOUT = 120.0
STOP_TIMEOUT = 60.0


@dataclass(frozen=True)
class DevHub:
    """A hub that answers: its URLs and where its files are."""

    url: str
    files_url: str
    topdir: Path
    directory: Path
    pid: int

    def session(self, user: str | None = None, password: str | None = None) -> koji.ClientSession:
        """Make a client; with a user it is logged in, and the caller logs it out."""
        session = koji.ClientSession(self.url, {"user": user, "password": password, "max_retries": 0})
        if user is not None:
            session.login()
        return session


def read_ready(directory: Path) -> DevHub | None:
    """Find the hub that serves a directory. Returns None if none does."""
    try:
        data = json.loads((directory / READY_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return DevHub(data["hub"], data["files"], Path(data["topdir"]), directory, data["pid"])


@contextmanager
def running_devhub(directory: Path, *, admin: tuple[str, str] = ADMIN) -> Iterator[DevHub]:
    """Run a hub in a process of its own, on a free port of 127.0.0.1, for as long as the block runs. Raises
    AdjutantError if it does not start."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / READY_FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "koji_adjutant.devhub", str(directory), ":".join(admin)]
    with (directory / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield _wait_ready(directory, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_ready(directory: Path, process: subprocess.Popen[bytes]) -> DevHub:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        hub = read_ready(directory)
        if hub is not None:
            return hub
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AdjutantError(f"devhub did not start; see {directory / 'devhub.log'}")
