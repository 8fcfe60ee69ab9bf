"""Commands that are run in a container that runs already: libpod's exec sessions."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

from koji_adjutant.container import streams
from koji_adjutant.container.connection import Connection, RefusedError, path_segment
from koji_adjutant.container.interface import LogSink
from koji_adjutant.container.interrupts import Deadline
from koji_adjutant.container.processes import is_stopped, kill_command
from koji_adjutant.container.stopped import StoppedWatch
from koji_adjutant.errors import CommandStoppedError, ContainerTimeout, EngineError


class ExecSession:
    """One command in a container; ``patience`` is how many seconds a request may take."""

    def __init__(self, connection: Connection, container: str, request: Mapping[str, Any], patience: float):
        path = f"containers/{path_segment(container)}/exec"
        self._connection = connection
        self._patience = patience
        self._id = connection.json("POST", path, body=request, timeout=patience)["Id"]

    def run(
        self, command: Sequence[str], stdout: LogSink, stderr: LogSink | None, timeout: float | None
    ) -> int:
        """Run it to its end, and return its exit code. ``command`` is what errors call it.

        Raises what ``ContainerManager.exec`` raises.
        """
        service = self._connection.service()
        with (
            self._connection.stream("POST", f"exec/{self._id}/start", body={"Detach": False}) as stream,
            Deadline(timeout, self._kill) as deadline,
            StoppedWatch(self._is_stopped, self._kill) as stopped,
        ):
            streams.pump(stream.read, stdout, stderr or stdout)
            code = self._exit_code(service)
        if deadline.passed:
            raise ContainerTimeout(f"{shlex.join(command)} took longer than {timeout:g} s and was killed")
        if stopped.found:
            raise CommandStoppedError(f"{shlex.join(command)} was stopped by a signal, and killed")
        return code

    def _exit_code(self, service: object) -> int:
        """Wait for the exit code, which the engine records a moment after the output has ended."""
        deadline = time.monotonic() + self._patience
        while (details := self._details())["Running"]:
            self._connection.check_service(service)
            if time.monotonic() > deadline:
                raise EngineError(f"podman closed the output of exec {self._id}, but says that it runs")
            time.sleep(0.01)
        self._connection.check_service(service)
        code = int(details["ExitCode"])
        if code < 0:
            raise EngineError(f"podman lost track of exec {self._id}: the process that watches it is gone")
        return code

    def _details(self) -> dict[str, Any]:
        try:
            details: dict[str, Any] = self._connection.json(
                "GET", f"exec/{self._id}/json", timeout=self._patience
            )
        except RefusedError as error:
            raise EngineError(f"a container went away while a command ran in it: {error}") from error
        return details

    def _is_stopped(self) -> bool:
        details = self._details()
        return details["Running"] and is_stopped(details["Pid"], details["ContainerID"])

    def _kill(self) -> None:
        details = self._details()
        container = details["ContainerID"]
        if details["Running"] and not kill_command(details["Pid"], container):
            # On another machine libpod offers nothing smaller than the whole container.
            path = f"containers/{container}/kill"
            self._connection.json("POST", path, params={"signal": "KILL"}, timeout=self._patience)
