"""ContainerManager over podman's REST service, in libpod's own requests."""

from __future__ import annotations

import contextlib
import json
import logging
import shlex
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, cast

from koji_adjutant.container import archive, streams
from koji_adjutant.container.connection import Client, Connection, RefusedError, path_segment
from koji_adjutant.container.interface import (
    ContainerObserver,
    ContainerSpec,
    ContainerState,
    EngineInfo,
    EngineTimeouts,
    Image,
    ImageRoot,
    LogSink,
    PullPolicy,
)
from koji_adjutant.container.interrupts import Deadline, uninterrupted
from koji_adjutant.container.podman_exec import ExecSession
from koji_adjutant.container.podman_images import NOT_FOUND, PodmanImages
from koji_adjutant.container.podman_network import ensure_network
from koji_adjutant.container.podman_spec import (
    EngineTraits,
    at_niceness,
    container_state,
    create_request,
    exec_command,
    in_one_stream,
    new_name,
    run_command,
    without_input,
)
from koji_adjutant.container.possible_limits import PossibleLimits
from koji_adjutant.container.processes import kill_container
from koji_adjutant.container.watch import Watch
from koji_adjutant.errors import ContainerTimeout, EngineError, ImageError

logger = logging.getLogger("koji_adjutant.container")
"""INFO: a line for each container created, which ends with its command line."""

OLDEST = (4, 3)
NOT_YET_STARTED = ("created", "configured", "initialized")
WAIT_INTERVAL = "20ms"


class PodmanManager:
    """A podman service at ``socket`` (unix://, tcp:// or ssh://); see ContainerManager for the methods.

    ``extra_labels`` are the operator's, put on every container. ``traits`` is what this engine needs in every
    request, ``revive`` starts a private service again, ``remembered_info`` is a file for its answer to
    ``info``, ``observer`` learns of every container. Close it, or use it as a context manager. Safe to use in
    forked children and, for different containers, in threads.
    """

    def __init__(
        self,
        socket: str,
        *,
        timeouts: EngineTimeouts | None = None,
        extra_labels: Mapping[str, str] | None = None,
        traits: EngineTraits | None = None,
        revive: Callable[[], None] | None = None,
        remembered_info: Path | None = None,
        observer: ContainerObserver | None = None,
    ) -> None:
        self._timeouts = timeouts or EngineTimeouts()
        self._extra_labels = extra_labels or {}
        self._traits = traits or EngineTraits(command_line=("podman", "--url", socket))
        self.connection = Connection(socket, lambda: _connect(socket), revive)
        self._remembered_info = remembered_info
        self._host: dict[str, Any] | None = None
        self._limits = PossibleLimits(lambda: self._host_facts()["cgroupControllers"])
        self._watch = Watch(observer, lambda container: int(self._inspect(container)["State"]["Pid"]))
        self.images = PodmanImages(self.connection, self._timeouts)

    def __enter__(self) -> PodmanManager:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    # The engine

    def check(self) -> EngineInfo:
        information = self._information()
        version = information["version"]["Version"]
        if tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < OLDEST:
            raise EngineError(f"podman {version} is too old: install podman 4.3 or newer")
        self._host = host = information["host"]
        return EngineInfo(
            name="podman",
            version=version,
            runtime=host["ociRuntime"]["name"],
            rootless=host["security"]["rootless"],
            architecture=host["arch"],
            controllers=frozenset(host["cgroupControllers"]),
        )

    def _information(self) -> dict[str, Any]:
        """Return the engine's answer to ``info``, which takes it a while: remembered while a service runs."""
        if self._remembered_info is not None and self._remembered_info.exists():
            self.connection.request("GET", "_ping", timeout=self._timeouts.start)
            with contextlib.suppress(FileNotFoundError, ValueError):  # the service was started again just now
                remembered: dict[str, Any] = json.loads(self._remembered_info.read_text())
                return remembered
        information: dict[str, Any] = self._call("GET", "info")
        if self._remembered_info is not None:
            staging = self._remembered_info.with_name(f"{self._remembered_info.name}.{uuid.uuid4().hex}")
            staging.write_text(json.dumps(information))
            staging.rename(self._remembered_info)
        return information

    def ensure_image_available(self, reference: str, policy: PullPolicy) -> Image:
        return self.images.ensure(reference, policy, self._host_facts()["arch"])

    # A container's life

    def create(self, spec: ContainerSpec) -> str:
        return self._create(spec, new_name(spec), keep_log=True)

    def command_line(self, spec: ContainerSpec, *, terminal: bool = False) -> list[str]:
        return run_command(spec, self._traits, terminal=terminal)

    def on_create(
        self, observer: Callable[[str, ContainerSpec], None]
    ) -> contextlib.AbstractContextManager[None]:
        return self._watch.on_create(observer)

    def start(self, container: str) -> None:
        self._call("POST", f"containers/{path_segment(container)}/start")
        self._watch.started(container)

    def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        stdout: LogSink,
        stderr: LogSink | None = None,
        user: str | None = None,
        workdir: PurePosixPath | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> int:
        request: dict[str, Any] = {
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Cmd": without_input(command) if stderr else in_one_stream(command),
            "Env": [f"{key}={value}" for key, value in (environment or {}).items()],
        }
        if user is not None:
            request["User"] = user
        if workdir is not None:
            request["WorkingDir"] = str(workdir)
        session = ExecSession(self.connection, container, request, self._timeouts.start)
        return session.run(command, stdout, stderr, timeout)

    def interactive_exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str,
        workdir: PurePosixPath,
        environment: Mapping[str, str],
        terminal: bool,
    ) -> list[str]:
        return exec_command(
            self._traits,
            container,
            command,
            user=user,
            workdir=workdir,
            environment=environment,
            terminal=terminal,
        )

    def copy_to(self, container: str, source: Path, target: PurePosixPath) -> None:
        if not source.exists():
            raise EngineError(f"{source} does not exist and cannot be copied into container {container}")
        path = f"containers/{path_segment(container)}/archive"
        params = {"path": str(target), "pause": False, "noOverwriteDirNonDir": True}
        try:  # Asked first, because podman says yes to a directory that is missing.
            self.connection.request("HEAD", path, params={"path": str(target)}, timeout=self._timeouts.start)
        except RefusedError as error:
            raise EngineError(
                f"container {container} has no directory {target} to copy {source} to"
            ) from error
        self.connection.request("PUT", path, params=params, data=archive.pack(source))

    def copy_from(self, container: str, source: PurePosixPath, target: Path) -> None:
        path = f"containers/{path_segment(container)}/archive"
        params = {"path": str(source), "pause": False}
        try:
            with self.connection.stream("GET", path, params=params) as stream:
                archive.unpack(cast(IO[bytes], stream), target)
        except RefusedError as error:
            raise EngineError(f"{source} of container {container} cannot be copied: {error}") from error

    def stream_logs(self, container: str, sink: LogSink) -> None:
        if self.inspect(container).status in NOT_YET_STARTED:
            with self._attach(container) as stream:
                streams.pump(stream.read, sink, sink)
            return
        # Not "follow": podman's own following of a log that grows quickly loses lines (seen with 4.3).
        self.wait(container)
        path = f"containers/{path_segment(container)}/logs"
        with self.connection.stream("GET", path, params={"stdout": True, "stderr": True}) as stream:
            streams.pump(stream.read, sink, sink)

    def wait(self, container: str, timeout: float | None = None) -> int:
        if self.inspect(container).status in NOT_YET_STARTED:
            raise EngineError(f"container {container} was never started, so there is nothing to wait for")
        path = f"containers/{path_segment(container)}/wait"
        self.connection.request("POST", path, params={"interval": WAIT_INTERVAL}, timeout=timeout)
        # not the answer's code: podman 5.8 says 0 for a container whose monitor was killed, and that runs on
        code = self.inspect(container).exit_code
        if code is None:
            raise EngineError(f"the monitor of container {container} (conmon) ended before its command")
        self._watch.exited(container, code)
        return code

    def inspect(self, container: str) -> ContainerState:
        details = self._inspect(container)
        state = details["State"]
        labels = details["Config"].get("Labels")
        return container_state(details["Id"], details["Name"], state["Status"], state["ExitCode"], labels)

    def kill(self, container: str) -> None:
        with contextlib.suppress(RefusedError):  # gone, or no longer running
            details = self._inspect(container)
            if not details["State"]["Running"] or kill_container(details["State"]["Pid"], details["Id"]):
                return
            self._call("POST", f"containers/{details['Id']}/kill", params={"signal": "KILL"})

    def remove(self, container: str) -> None:
        # timeout=0 is SIGKILL at once: nothing in there is worth ten seconds of waiting.
        params = {"force": True, "timeout": 0, "v": True}
        with uninterrupted():
            self._watch.exited(container, None)
            self._kill(container)
            try:
                self._delete(container, params)
            except RefusedError:
                self._delete(container, params)  # it takes podman one try to notice that a monitor is gone
            self._watch.removed(container)

    def list_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
        listed = self._call("GET", "containers/json", params={"all": True, "filters": filters})
        return [
            container_state(each["Id"], each["Names"][0], each["State"], each["ExitCode"], each.get("Labels"))
            for each in listed
        ]

    @contextlib.contextmanager
    def container(self, spec: ContainerSpec) -> Iterator[str]:
        # Removed by name: it is known before the engine answers, whatever happens to the answer.
        name = new_name(spec)
        try:
            yield self._create(spec, name, keep_log=True)
        finally:
            self.remove(name)

    def run(self, spec: ContainerSpec, output: LogSink, timeout: float | None = None) -> int:
        name = new_name(spec)
        line = shlex.join(spec.command)
        spec = replace(spec, command=in_one_stream(spec.command))
        try:
            self._create(spec, name, keep_log=False)
            service = self.connection.service()
            with self._attach(name) as stream:
                self.start(name)
                # Only now: podman starts a container all the same that was stopped before its start.
                with Deadline(timeout, lambda: self._stop(name)) as deadline:
                    streams.pump(stream.read, output, output)
                    self._watch.output_ended(name)
                    code = self._code_after_output(name, service)
            if deadline.passed:
                raise ContainerTimeout(f"{line} took longer than {timeout:g} s and was killed")
        finally:
            self.remove(name)
        return code

    # Helpers

    def _call(self, method: str, path: str, **options: Any) -> Any:
        return self.connection.json(method, path, timeout=self._timeouts.start, **options)

    def _inspect(self, container: str) -> dict[str, Any]:
        details: dict[str, Any] = self._call("GET", f"containers/{path_segment(container)}/json")
        return details

    def _host_facts(self) -> dict[str, Any]:
        if self._host is None:
            self.check()
        return cast(dict[str, Any], self._host)

    def _create(self, spec: ContainerSpec, name: str, *, keep_log: bool) -> str:
        limits = self._limits.of(spec.limits)
        spec = replace(spec, limits=limits, command=at_niceness(limits.niceness, spec.command))
        if spec.network == "bridge":
            ensure_network(self.connection, self._traits, self._timeouts.start)
        request = create_request(spec, name, self._traits, self._extra_labels, keep_log=keep_log)
        with uninterrupted():
            try:
                identifier: str = self._call("POST", "containers/create", body=request)["Id"]
            except RefusedError as error:
                # asked only now: nearly always the image is there
                if isinstance(spec.root, ImageRoot) and self.images.find(spec.root.reference) is None:
                    raise ImageError(f"the image is not in podman's storage: {error}") from error
                raise
        self._watch.created(identifier, name, spec)
        line = shlex.join(self.command_line(spec))
        logger.info("task %s, %s, container %s: %s", spec.owner.task_id, spec.role, name, line)
        return identifier

    def _attach(self, container: str) -> contextlib.AbstractContextManager[Any]:
        """Attach to the main process's output, before start: its first bytes are missed otherwise."""
        params = {"stream": True, "stdout": True, "stderr": True, "stdin": False, "logs": False}
        return self.connection.stream("POST", f"containers/{path_segment(container)}/attach", params=params)

    def _code_after_output(self, container: str, service: object) -> int:
        """Return the exit code, which the engine has by now, as a rule.

        Its ``wait`` lasts until its monitor has cleaned up, and that ``remove`` does at once.
        """
        code = self.inspect(container).exit_code
        self.connection.check_service(service)
        if code is None:  # not seen yet
            return self.wait(container)
        self._watch.exited(container, code)
        return code

    def _delete(self, container: str, params: Mapping[str, object]) -> None:
        try:
            self._call("DELETE", f"containers/{path_segment(container)}", params=params)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise

    def _kill(self, container: str) -> None:
        with contextlib.suppress(RefusedError):  # what is wrong with it, if anything, its removal will say
            details = self._inspect(container)
            kill_container(details["State"]["Pid"], details["Id"])

    def _stop(self, container: str) -> None:
        grace = self._timeouts.stop_grace
        self.connection.json(
            "POST",
            f"containers/{path_segment(container)}/stop",
            params={"timeout": int(grace), "ignore": True},
            timeout=grace + self._timeouts.start,
        )


def _connect(address: str) -> Client:
    from koji_adjutant.container import podman_client  # noqa: PLC0415 - five megabytes, only for whoever runs containers

    return podman_client.connect(address)
