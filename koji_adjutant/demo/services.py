"""The demo's long-running processes: started in the background, found again by a pid file, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.demo.errors import DemoError

READY_SECONDS = 120
STOP_SECONDS = 30


@dataclass(frozen=True)
class Service:
    """One background process: its log and its pid file are ``<directory>/<name>.log`` and ``.pid``."""

    name: str
    command: Sequence[str]
    directory: Path
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] | None = None

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def start(self) -> None:
        """Start it and wait until it answers; DemoError, with the end of its log, if it does not."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(self.environment or {})},
            )
        self.pid_file.write_text(f"{process.pid} {_start_time(process.pid)}\n")
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if process.poll() is not None:
                raise DemoError(f"{self.name} ended at once with status {process.returncode}", self.log)
            if time.monotonic() > deadline:
                raise DemoError(f"{self.name} did not answer within {READY_SECONDS} seconds", self.log)
            time.sleep(0.1)


def running(directory: Path) -> list[str]:
    """Return names of the services in this directory that are alive."""
    return sorted(file.stem for file in directory.glob("*.pid") if _live_pid(file) is not None)


def stop_all(directory: Path, order: Sequence[str]) -> None:
    """Stop the services of this directory, one after the other."""
    for name in order:
        _stop(directory / f"{name}.pid")


def _stop(pid_file: Path) -> None:
    """Ask the process to end, insist after STOP_SECONDS, and forget it; no error if it is gone."""
    pid = _live_pid(pid_file)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _live_pid(pid_file) is not None:
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
                break
            time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _live_pid(pid_file: Path) -> int | None:
    """Return the process of the pid file, unless it has ended and its number is another one's by now."""
    try:
        pid, start_time = pid_file.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    with contextlib.suppress(ChildProcessError):
        os.waitpid(int(pid), os.WNOHANG)
    return int(pid) if _start_time(int(pid)) == start_time else None


def _start_time(pid: int) -> str:
    """Start time in clock ticks after boot (proc(5), field 22 of stat), "" when no such process lives."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state == "Z" else fields[18]
