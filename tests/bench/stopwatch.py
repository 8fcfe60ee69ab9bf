"""What was asked of the container engine, and how long it took: the recipes are timed from outside."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from koji_adjutant.container.interface import (
    ContainerManager,
    ContainerSpec,
    ContainerState,
    DirectoryRoot,
    EngineInfo,
    Image,
    LogSink,
    PullPolicy,
)


@dataclass(frozen=True)
class Span:
    """One request, in seconds of ``time.monotonic``. ``what`` is the manager's method."""

    what: str
    role: str
    command: tuple[str, ...]
    started: float
    ended: float
    first_output: float | None = None

    @property
    def seconds(self) -> float:
        return self.ended - self.started


class PhaseClock:
    """A PhaseObserver that adds up how long each phase took."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] += time.monotonic() - started


class _Sink:
    """Passes output on, and notes when the first of it came."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self.first: float | None = None

    def write(self, data: bytes, /) -> object:
        if self.first is None:
            self.first = time.monotonic()
        return self._sink.write(data)


class Stopwatch:
    """A ContainerManager that has another one do everything; ``spans`` are in order of their ends."""

    def __init__(self, manager: ContainerManager) -> None:
        self._manager = manager
        self._roles: dict[str, str] = {}
        self.spans: list[Span] = []
        self.roots: dict[str, Path] = {}
        """Role → the directory that was the root of the last container of that role."""

    @contextmanager
    def _span(
        self, what: str, role: str, command: Sequence[str] = (), sink: _Sink | None = None
    ) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            first = sink.first if sink else None
            self.spans.append(Span(what, role, tuple(command), started, time.monotonic(), first))

    def check(self) -> EngineInfo:
        with self._span("check", ""):
            return self._manager.check()

    def ensure_image_available(self, reference: str, policy: PullPolicy) -> Image:
        with self._span("image", ""):
            return self._manager.ensure_image_available(reference, policy)

    def create(self, spec: ContainerSpec) -> str:
        with self._span("create", spec.role):
            container = self._manager.create(spec)
        self._roles[container] = spec.role
        return container

    def command_line(self, spec: ContainerSpec, *, terminal: bool = False) -> list[str]:
        return self._manager.command_line(spec, terminal=terminal)

    def on_create(self, observer: Callable[[str, ContainerSpec], None]) -> AbstractContextManager[None]:
        return self._manager.on_create(observer)

    def start(self, container: str) -> None:
        with self._span("start", self._roles.get(container, "")):
            self._manager.start(container)

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
        sink = _Sink(stdout)
        with self._span("exec", self._roles.get(container, ""), command, sink):
            return self._manager.exec(
                container,
                command,
                stdout=sink,
                stderr=stderr,
                user=user,
                workdir=workdir,
                environment=environment,
                timeout=timeout,
            )

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
        return self._manager.interactive_exec(
            container, command, user=user, workdir=workdir, environment=environment, terminal=terminal
        )

    def copy_to(self, container: str, source: Path, target: PurePosixPath) -> None:
        with self._span("copy", self._roles.get(container, "")):
            self._manager.copy_to(container, source, target)

    def copy_from(self, container: str, source: PurePosixPath, target: Path) -> None:
        with self._span("copy", self._roles.get(container, "")):
            self._manager.copy_from(container, source, target)

    def stream_logs(self, container: str, sink: LogSink) -> None:
        self._manager.stream_logs(container, sink)

    def wait(self, container: str, timeout: float | None = None) -> int:
        return self._manager.wait(container, timeout)

    def inspect(self, container: str) -> ContainerState:
        return self._manager.inspect(container)

    def kill(self, container: str) -> None:
        self._manager.kill(container)

    def remove(self, container: str) -> None:
        with self._span("remove", self._roles.get(container, "")):
            self._manager.remove(container)

    def list_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        return self._manager.list_containers(labels)

    @contextmanager
    def container(self, spec: ContainerSpec) -> Iterator[str]:
        with ExitStack() as life:
            if isinstance(spec.root, DirectoryRoot):
                self.roots[spec.role] = spec.root.path
            with self._span("create", spec.role):
                container = life.enter_context(self._manager.container(spec))
            self._roles[container] = spec.role
            try:
                yield container
            finally:
                with self._span("remove", spec.role):
                    life.close()

    def run(self, spec: ContainerSpec, output: LogSink, timeout: float | None = None) -> int:
        with self._span("run", spec.role, spec.command):
            return self._manager.run(spec, output, timeout)
