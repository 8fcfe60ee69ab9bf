"""What the project asks of a container engine: a protocol and the values that pass through it.

Nothing here knows podman. Paths named ``source`` are on the engine's host, paths named ``target`` are
inside the container.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from koji_adjutant.container.cgroups import Usage

PullPolicy = Literal["if-not-present", "always", "never"]

NetworkMode = Literal["none", "bridge", "host"]
"""``none`` for packagers' builds, ``bridge`` where packagers' commands may reach the network, ``host`` only
for trusted tools (dnf's downloads, mergerepo_c) or where the operator says so."""

Allowance = Literal["user-namespaces", "socketcall"]
"""What a container may ask of the kernel that others may not: to make ``user-namespaces``, and all that
takes, or sockets by ``socketcall``, as 32-bit programs do, which hides their family."""

ROOT = PurePosixPath("/")

IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]*(/[A-Za-z0-9][A-Za-z0-9._:@-]*)*")
"""What an image can be called: a name with a tag or a digest, or an id."""

LOCAL_PREFIX = "localhost/"
"""Names of images that were made on the spot; no registry has them."""

LEAST_CPU_SHARES = 2
"""Where a container that asks for none has 1024."""
HIGHEST_NICENESS = 19
"""Disks take it into account as well."""

LABEL_PREFIX = "io.koji.adjutant."
"""Every container of ours carries LABEL_PREFIX + task_id, worker_id, role and managed=true."""


class LogSink(Protocol):
    """Takes a command's output as it comes, in bytes; any binary file is one."""

    def write(self, data: bytes, /) -> object: ...


def write_line(sink: LogSink, line: str) -> None:
    """Add a line of ours to a command's log."""
    sink.write(f"{line}\n".encode(errors="replace"))


@dataclass(frozen=True)
class VolumeMount:
    """A directory or file of the host, seen inside the container."""

    source: Path
    target: PurePosixPath
    read_only: bool = False
    selinux_label: Literal["", "z", "Z"] = ""


@dataclass(frozen=True)
class ResourceLimits:
    """What one container may have; None is the engine's default (no limit for memory and cpus).

    ``rlimits`` are (soft, hard) by name, ``nofile``, ``core``, …, for what runs in it; -1 is no limit.
    ``cpu_shares`` weigh containers against each other, ``niceness`` their commands where there are no control
    groups for CPU time.
    """

    memory_bytes: int | None = None
    cpus: float | None = None
    pids: int | None = None
    rlimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cpu_shares: int | None = None
    niceness: int = 0

    def in_background(self) -> ResourceLimits:
        """Return the same limits at the lowest priority: only what nobody else wants."""
        return replace(self, cpu_shares=LEAST_CPU_SHARES, niceness=HIGHEST_NICENESS)


@dataclass(frozen=True)
class ImageRoot:
    """The container's root is an image."""

    reference: str


@dataclass(frozen=True)
class DirectoryRoot:
    """The container's root is a plain directory, which it may change: an overlay, normally."""

    path: Path


@dataclass(frozen=True)
class Owner:
    """On whose behalf a container runs; becomes its labels. A build without a hub is task ``local-<pid>``."""

    task_id: str
    worker_id: str


@dataclass(frozen=True)
class ContainerSpec:
    """Everything about a container that is to be created.

    The default is the strictest: no network, no capability, no new privileges, no allowance.
    ``command`` is an argument list, never a shell string. ``user`` is ``uid:gid`` or a name in the
    container. ``role`` says what it is for (``checkout``, ``compose``, ``build``, …). At each of ``proc_at``
    the container's own /proc is seen once more, read-only: for programs that change their root. ``devices``
    are the host's, in the same place.
    """

    root: ImageRoot | DirectoryRoot
    command: Sequence[str]
    owner: Owner
    role: str
    user: str = "0:0"
    workdir: PurePosixPath = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[VolumeMount] = ()
    proc_at: Sequence[PurePosixPath] = ()
    devices: Sequence[Path] = ()
    network: NetworkMode = "none"
    capabilities: frozenset[str] = frozenset()
    allowances: frozenset[Allowance] = frozenset()
    limits: ResourceLimits = ResourceLimits()
    labels: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None


@dataclass(frozen=True)
class EngineTimeouts:
    """For how many seconds the engine is waited for.

    ``pull`` bounds getting an image, ``start`` any short request (create, start, remove, …), ``stop_grace``
    is how long a command whose time is over may take to react to SIGTERM before SIGKILL.
    """

    pull: float = 600
    start: float = 60
    stop_grace: float = 10


@dataclass(frozen=True)
class Image:
    """An image that is present in the engine's storage.

    ``id`` and ``digest`` are of the content, ``reference`` is only what it was asked for by.
    ``repo_digests`` are the names with a digest that registries know it by.
    """

    reference: str
    id: str
    digest: str
    architecture: str
    labels: Mapping[str, str]
    repo_digests: Sequence[str] = ()

    @property
    def pinned(self) -> str:
        """What to ask for to get exactly this image: ``repo@sha256:…``, or the id of one made on the spot."""
        return next(iter(self.repo_digests), self.id)


@dataclass(frozen=True)
class EngineInfo:
    """What ``check`` learned about the engine; ``rootless`` decides who root in a container is.

    ``controllers`` are the control groups' (memory, cpu, pids) that it can keep limits with.
    """

    name: str
    version: str
    runtime: str
    rootless: bool
    architecture: str
    controllers: frozenset[str]


@dataclass(frozen=True)
class ContainerState:
    """A container as the engine reports it; ``exit_code`` is None until it has run and ended."""

    id: str
    name: str
    status: str
    exit_code: int | None
    labels: Mapping[str, str]


class UsageMeter(Protocol):
    def read(self) -> Usage: ...


class ContainerObserver(Protocol):
    """Learns what happens to containers, in the thread where it happens; must neither raise nor take long."""

    def created(self, container: str, name: str, spec: ContainerSpec) -> None: ...

    def started(self, container: str, meter: UsageMeter | None) -> None:
        """Learn that the main process runs.

        ``meter`` is None where the container's control groups cannot be read from here.
        """
        ...

    def exited(self, container: str, exit_code: int | None) -> None:
        """Learn that the main process has ended, or (None) is about to be killed.

        The meter can still be read.
        """
        ...

    def removed(self, container: str) -> None:
        """Learn that the container is gone.

        ``container`` is an id, but for one that somebody else created it may be a name.
        """
        ...


class ContainerManager(Protocol):
    """A container engine.

    Every method raises ``errors.EngineError`` (or its subclass ``ContainerTimeout``) when the engine
    refuses, and ``errors.ImageError`` when an image is not available.
    """

    def check(self) -> EngineInfo:
        """Make sure the engine can be used, asking only its API; the message of a failure says what to do."""
        ...

    def ensure_image_available(self, reference: str, policy: PullPolicy) -> Image:
        """Return the image, pulled first if the policy says so.

        Raises ImageError if it is absent, or for another architecture.
        """
        ...

    def create(self, spec: ContainerSpec) -> str:
        """Create a container without starting it, log its ``command_line``, and return its id."""
        ...

    def command_line(self, spec: ContainerSpec, *, terminal: bool = False) -> list[str]:
        """Return a command line to paste that starts such a container, with ``terminal`` on the caller's tty.

        Everything is in it but ``proc_at``.
        """
        ...

    def on_create(self, observer: Callable[[str, ContainerSpec], None]) -> AbstractContextManager[None]:
        """Call ``observer`` for each container that is created while the block runs.

        It gets the name and what has become of the spec, in the thread where it happens, and must not raise.
        """
        ...

    def start(self, container: str) -> None: ...

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
        """Run a command in a running container exactly once and return its exit code.

        Output is written to the sinks while it runs. With no ``stderr`` sink both streams go to ``stdout``
        in the order in which the command wrote them (through the container's /bin/sh).
        Raises ContainerTimeout after ``timeout`` seconds, CommandStoppedError for a command that a signal has
        stopped, with all that it waits for; both are killed.
        """
        ...

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
        """Return a command line that runs ``command`` in a running container.

        It has the caller's stdin or, with ``terminal``, the caller's tty.
        """
        ...

    def copy_to(self, container: str, source: Path, target: PurePosixPath) -> None:
        """Copy a file or directory into an existing directory of the container.

        For roots that are images, or on another machine. A buildroot's own directories are mounted from
        this host, and what is put there needs no engine.
        """
        ...

    def copy_from(self, container: str, source: PurePosixPath, target: Path) -> None:
        """Copy a file or directory of the container into an existing directory of the host.

        As ``copy_to``. What comes out is hostile: names and links that lead out of ``target`` are refused.
        """
        ...

    def stream_logs(self, container: str, sink: LogSink) -> None:
        """Write the main process's output, stdout and stderr, all of it, and return when it has ended.

        As it comes if called before ``start`` (from a thread, or see ``run``); for a container that has
        been started already, in one go at its end. For containers that somebody else has started: who has
        a spec and waits for its end takes ``run``, which does all of it.
        """
        ...

    def wait(self, container: str, timeout: float | None = None) -> int:
        """Wait until the main process ends, and return its exit code.

        Raises EngineError if the container was never started or lost its monitor (no one knows the exit code
        then), ContainerTimeout after ``timeout`` seconds.
        """
        ...

    def inspect(self, container: str) -> ContainerState: ...

    def kill(self, container: str) -> None:
        """Kill all that runs in a container, which stays; one that is gone, or has ended, is no error."""
        ...

    def remove(self, container: str) -> None:
        """Kill and remove a container, at once; one that is gone already is no error."""
        ...

    def list_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        """Return all containers, running or not, that carry these labels."""
        ...

    def container(self, spec: ContainerSpec) -> AbstractContextManager[str]:
        """Create a container for a block, yield its id, not started, and remove it whatever happens."""
        ...

    def run(self, spec: ContainerSpec, output: LogSink, timeout: float | None = None) -> int:
        """Run the spec's command in a container that is removed afterwards, and return its exit code.

        Its stdout and stderr go to ``output`` in the order in which it wrote them (through the container's
        /bin/sh). After ``timeout`` seconds it gets SIGTERM, and SIGKILL after the grace period; raises
        ContainerTimeout then.
        """
        ...
