"""A podman service of our own on a private socket, shared by all processes that use one state directory.

Layout, all below ``<state_dir>/containers`` (mode 0700), on disk because a running build's copy-on-write
directory lies in the runroot and may be gigabytes::

    containers.conf  storage/  run/  tmp/  networks/     the engine's
    seccomp/                                             what containers may ask of the kernel
    podman.sock  service.log                             the running service
    info.json                                            what the running service answered to ``info``
    boot_id                                              of the boot in which run/ and tmp/ were made
    start.lock                                           held while a service is started or stopped
    users.lock                                           held shared by every process that uses the service

Where ``<state_dir>`` is long, run/ is ``/var/tmp/adjutant-<hash>`` instead, while the service is in use.

The last of its users that leaves stops it. If they were killed, it ends by itself IDLE_SECONDS after
its last connection. The host's own podman, its storage and its configuration play no part.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from koji_adjutant.container import service_config
from koji_adjutant.container.installing import to_install
from koji_adjutant.container.podman_spec import EngineTraits
from koji_adjutant.container.seccomp import SeccompProfiles
from koji_adjutant.errors import EngineError

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60
START_SECONDS = 30
PING = b"GET /_ping HTTP/1.0\r\n\r\n"
STOP_SECONDS = 10
RUNROOT_MAX = 50
SOCKET_PATH_MAX = 107
OUTSIDE = Path("/var/tmp")  # noqa: S108 - on disk, and checked to be ours
NETWORK = "koji-adjutant"
# What this process ignores (SIGHUP under nohup) would be ignored by all that runs in containers.
WITH_DEFAULT_SIGNALS = (
    sys.executable,
    "-ISc",
    "import os, signal, sys\n"
    "for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:\n"
    "    signal.signal(number, signal.SIG_DFL)\n"
    "signal.pthread_sigmask(signal.SIG_SETMASK, ())\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n",
)
_started: list[subprocess.Popen[bytes]] = []
"""Services that this process has started: others may use them when it does not any more."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _remove(directory: Path) -> None:
    """Remove a directory into which monitors of containers may still be writing their last words.

    Raises OSError if something is left after STOP_SECONDS.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while directory.exists():
        try:
            shutil.rmtree(directory)
        except OSError as problem:
            meanwhile = problem.errno in (errno.ENOTEMPTY, errno.ENOENT)
            if not meanwhile or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class PodmanService:
    """One process's share in the service of ``state_dir``; a context manager around ``start`` and ``stop``.

    ``boot_id`` is for tests. Raises EngineError if podman is missing or does not come up, with what to do.
    """

    def __init__(self, state_dir: Path, *, boot_id: str | None = None) -> None:
        self.directory = (state_dir / "containers").absolute()
        self.runroot = _runroot(self.directory)
        self.socket_path = self.directory / "podman.sock"
        self._boot_id = boot_id
        self._users: int | None = None
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> str:
        """The service's address, as podman clients want it."""
        return f"unix://{self.socket_path}"

    @property
    def remembered_info(self) -> Path:
        """Where managers keep what the service answered to ``info``, for as long as it runs."""
        return self.directory / "info.json"

    @property
    def traits(self) -> EngineTraits:
        environment = f"CONTAINERS_CONF={self.directory / 'containers.conf'}"
        return EngineTraits(
            rlimits=service_config.rlimits(),
            may_lift_nproc=service_config.may_lift_limits(),
            network=NETWORK,
            bridge_interface=service_config.bridge_interface(self.directory),
            bridge_subnets=service_config.bridge_subnets(self.directory),
            command_line=("env", environment, *self._podman()),
            profiles=SeccompProfiles(self.directory / "seccomp"),
        )

    def start(self) -> None:
        """Take a share in the service and see to it that it runs; again after it died is fine."""
        if len(os.fsencode(self.socket_path)) > SOCKET_PATH_MAX:
            raise EngineError(f"{self.socket_path} is too long for a socket's path: set a shorter state_dir")
        for directory in (self.directory, self.runroot):
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise EngineError(
                    f"cannot make {directory}: {error.strerror}; set another state_dir"
                ) from error
        if self.runroot.stat().st_uid != os.geteuid() or self.runroot.is_symlink():
            raise EngineError(f"{self.runroot} is somebody else's: remove it, or set a shorter state_dir")
        with self._locked():
            if self._users is None:
                self._users = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._owner = os.getpid()
            try:
                if not self._answers():
                    self._launch()
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Give up this process's share, and stop the service if it was the last one."""
        if self._users is None:
            return
        if self._owner != os.getpid():
            # A forked child: the lock is its parent's, shared through this descriptor.
            self._leave()
            return
        with self._locked():
            self._leave()
            if self._is_unused():
                self._terminate()
                self._tidy()

    def __enter__(self) -> PodmanService:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _storage(self) -> str:
        return str(self.directory / "storage")

    def _podman(self) -> list[str]:
        return ["podman", "--root", self._storage, "--runroot", str(self.runroot)]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.directory / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _is_unused(self) -> bool:
        descriptor = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _answers(self) -> bool:
        """Return whether somebody answers at the socket.

        Connecting says nothing: the kernel still accepts connections for a dying service.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(START_SECONDS)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(PING)
                return connection.recv(1) != b""
            except (FileNotFoundError, ConnectionError):
                return False
            except OSError as error:
                raise EngineError(f"cannot connect to {self.socket_path}: {error}") from error

    def _launch(self) -> None:
        if shutil.which("podman") is None:
            raise EngineError(f"podman is not installed on this host: {to_install('podman')} (4.3 or newer)")
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()  # nothing listens at its socket
            self._process.wait()
        self._forget_earlier_boot()
        self.remembered_info.unlink(missing_ok=True)
        self.socket_path.unlink(missing_ok=True)
        conf = self.directory / "containers.conf"
        conf.write_text(service_config.containers_conf(service_config.inspect_host(), self.directory))
        log = self.directory / "service.log"
        command = [*self._podman(), "system", "service", f"--time={IDLE_SECONDS}", self.socket]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*WITH_DEFAULT_SIGNALS, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "CONTAINERS_CONF": str(conf)},
                cwd="/",
                start_new_session=True,  # a Ctrl-C is for the program in front, which still needs the service
            )
        _started.append(self._process)
        logger.debug("started %s", command)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._terminate()
                said = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise EngineError(
                    f"podman's service did not start: {' / '.join(said) or 'no message'}; see {log}"
                )
            time.sleep(0.01)

    def _forget_earlier_boot(self) -> None:
        """Clear what podman keeps about running containers if they ran before the machine was restarted."""
        now = self._boot_id or BOOT_ID.read_text().strip()
        mark = self.directory / "boot_id"
        if mark.exists() and mark.read_text().strip() != now:
            held = self._mounts_below(self.runroot)
            if held:
                raise EngineError(f"{held[0]} is left from an earlier boot and still mounted: unmount it")
            try:
                self._clear()
            except OSError as problem:
                raise EngineError(
                    f"what is left from an earlier boot cannot be removed: {problem}"
                ) from problem
        mark.write_text(f"{now}\n")

    def _mounts_below(self, directory: Path) -> list[Path]:
        mounts = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
        return [Path(mount) for mount in mounts if Path(mount).is_relative_to(directory)]

    def _clear(self) -> None:
        """Forget running containers; podman takes that for a restart of the machine. Raises OSError."""
        for stale in (self.runroot, self.directory / "tmp"):
            _remove(stale)

    def _tidy(self) -> None:
        """Leave nothing mounted, and nothing outside of the state directory, when the last user has gone.

        If a container of a killed user still runs, all stays as it is for the worker that will remove it.
        """
        if self._mounts_below(self.runroot):
            return
        own_mount = self.directory / "storage" / "overlay"
        if own_mount in self._mounts_below(own_mount):
            subprocess.run(["umount", str(own_mount)], stderr=subprocess.DEVNULL, check=False)
        if self.runroot.parent == OUTSIDE:
            try:
                self._clear()
            except OSError as problem:
                logger.warning("What podman keeps about running containers is left: %s", problem)

    def _terminate(self) -> None:
        """End the service and the monitors of finished execs, which would wake later and miss their files."""
        for pid in self._own_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while remaining := self._own_processes():
            if time.monotonic() > deadline:
                for pid in remaining:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        # what would otherwise still write when the last user removes the directory
        while self._finishing() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._process is not None and self._owner == os.getpid():
            self._process.wait()
        self.socket_path.unlink(missing_ok=True)

    def _own_processes(self) -> list[int]:
        """List the service, and conmon processes of execs (``-e``) in our storage, by command line."""
        if self._process is not None:
            self._process.poll()
        return [
            pid
            for pid, arguments in _command_lines()
            if (arguments[0].endswith("podman") and self.socket in arguments)
            or (self._storage in arguments and "--exec-attach" in arguments)
        ]

    def _finishing(self) -> bool:
        """Return whether a removed container's monitor is still there.

        Or the podman that it starts in the end.
        """
        ours = [arguments for _pid, arguments in _command_lines() if self._storage in arguments]
        monitors = [arguments for arguments in ours if arguments[0].endswith("conmon") and "-b" in arguments]
        bundles = [Path(arguments[arguments.index("-b") + 1]) for arguments in monitors]
        cleaning = any(arguments[0].endswith("podman") and "cleanup" in arguments for arguments in ours)
        return cleaning or not all(bundle.exists() for bundle in bundles)


def ask_how_services_ended() -> None:
    """Let the system forget services that this process has started, and that have ended.

    Whoever needs one starts the next: that may be another process, and this one would have a defunct child.
    """
    _started[:] = [process for process in _started if process.poll() is None]


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    """Yield the pid and the command line of every process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                yield int(entry.name), command.decode(errors="replace").split("\0")


def _runroot(home: Path) -> Path:
    """Choose where podman keeps what belongs to running containers.

    It refuses long paths, and links in paths.
    """
    inside = home / "run"
    if len(os.fsencode(inside)) <= RUNROOT_MAX:
        return inside
    return OUTSIDE / f"adjutant-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}"
