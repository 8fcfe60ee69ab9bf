"""The process that serves dashboard, API and metrics: started and watched by the worker.

It has nothing but what it reads from its standard input, and reads the journal. If it dies, the worker starts
another one, after a pause that doubles each time; if the worker dies, it dies too.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from koji_adjutant.config import KojidOptions

logger = logging.getLogger(__name__)

MODULE = "koji_adjutant.daemon.http_process"
PAUSE = 1.0
"""Seconds before the first new start; each further pause is twice as long."""
LONGEST_PAUSE = 300.0
"""Seconds that no pause exceeds."""
STABLE = 600.0
"""A process that lived for so many seconds is no failed start."""
STOP_SECONDS = 5.0
"""Seconds that the process has to end before it is killed."""


@dataclass(frozen=True)
class ServerSettings:
    """What the process reads, as JSON: so the token is in no command line."""

    journal: str
    host: str
    port: int
    token: str | None
    worker_id: str
    worker_pid: int
    state_dir: str
    podman_socket: str | None
    disks: list[str]
    cache_limit: int
    log_file: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


class HttpServer:
    """One server process at a time. Nothing here raises what goes wrong with it."""

    def __init__(self, options: KojidOptions, journal: Path) -> None:
        self._options = options
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._started_at = 0.0
        self._pause = PAUSE
        self._not_before = 0.0
        self._complaint = ""

    def tend(self) -> None:
        """Start it if it does not run and its time has come."""
        if self._process is not None and self._process.poll() is not None:
            self._ended(self._process.returncode)
        if self._process is None and time.monotonic() >= self._not_before:
            self._start()

    def stop(self) -> None:
        """End the process for good."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._said is not None:
            self._said.close()

    def _start(self) -> None:
        try:
            self._said = _file_in_memory()
            with _file_in_memory() as settings:
                settings.write(self._settings().to_json())
                settings.seek(0)
                self._process = subprocess.Popen(
                    [sys.executable, "-m", MODULE],
                    stdin=settings,
                    stdout=subprocess.DEVNULL,
                    stderr=self._said,
                    start_new_session=True,  # a Ctrl-C is the worker's, which then stops this process
                    cwd="/",
                    env={**os.environ, "MALLOC_ARENA_MAX": "2"},  # many threads, little to allocate
                )
        except OSError as problem:
            self._complain(f"cannot be started: {problem}")
            return
        self._started_at = time.monotonic()
        logger.info("Dashboard, API and metrics: http://%s/", self._options.adjutant.monitoring_bind)

    def _settings(self) -> ServerSettings:
        ours = self._options.adjutant
        return ServerSettings(
            journal=str(self._journal),
            host=ours.monitoring_bind.host,
            port=ours.monitoring_bind.port,
            token=ours.monitoring_token,
            worker_id=self._options.worker_id,
            worker_pid=os.getpid(),
            state_dir=str(ours.state_dir),
            podman_socket=ours.podman_socket,
            disks=[str(directory) for directory in self._options.directories],
            cache_limit=ours.cache_size,
            log_file=str(ours.log_file),
        )

    def _ended(self, status: int) -> None:
        self._process = None
        if time.monotonic() - self._started_at > STABLE:
            self._pause, self._complaint = PAUSE, ""
        self._complain(self._last_words() or f"it ended with status {status}")

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        with self._said as said:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
        self._said = None
        return lines[-1] if lines else ""

    def _complain(self, reason: str) -> None:
        """Say it once, however often it happens in a row."""
        self._not_before = time.monotonic() + self._pause
        if reason != self._complaint:
            logger.warning(
                "Monitoring is not served, builds go on: %s (next try in %.0f s)", reason, self._pause
            )
        self._complaint = reason
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def _file_in_memory() -> IO[bytes]:
    """Open a file in memory: a full disk is the last thing that should keep an operator from looking."""
    return os.fdopen(os.memfd_create("koji-adjutant"), "w+b")
