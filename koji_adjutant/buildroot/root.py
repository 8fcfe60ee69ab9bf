"""A buildroot in use: a container over a composed root, copy-on-write."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from koji_adjutant.buildroot.build_container import SCRATCH, Privileges, build_container, scratch
from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.buildroot.files.disk_use import free_space
from koji_adjutant.buildroot.files.engine_files import check_engine_files
from koji_adjutant.buildroot.files.home import make_home
from koji_adjutant.buildroot.files.opened import OpenedFiles, opened_files
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.files.plain_root import copied, is_worth_copying
from koji_adjutant.buildroot.hw_info import write_hw_info
from koji_adjutant.buildroot.installed.packages import InstalledPackage, listing
from koji_adjutant.buildroot.layers.layers import Layers, open_layers
from koji_adjutant.buildroot.lent_devices import open_to_builds
from koji_adjutant.buildroot.record import SCRIPT, recorded
from koji_adjutant.buildroot.specification.arch import check_arch, personality
from koji_adjutant.buildroot.specification.config import CHROOT_HOME, BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.plan import Plan, Wanted
from koji_adjutant.buildroot.specification.render import koji_repo, macros_koji
from koji_adjutant.buildroot.status import FAILED, PACKAGE_MANAGER_FAILED, mock_sentence
from koji_adjutant.buildroot.step import (
    STEP_SHELL,
    STOPPED,
    TWO_COMMANDS,
    Capture,
    Preparation,
    command_log,
)
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink, VolumeMount, write_line
from koji_adjutant.container.service_config import NOFILE_SOFT
from koji_adjutant.errors import (
    AdjutantError,
    BuildrootError,
    BuildTimeout,
    CommandStoppedError,
    ContainerTimeout,
    DependencyError,
    EngineError,
    StepStoppedError,
)

logger = logging.getLogger(__name__)

BUILD_UID = 1000
BUILD_GID = 135
"""mock's group; the uid is that of the caller with mock, and any unprivileged one will do."""

RPM_CONFIGURATION = (PurePosixPath("/usr/lib/rpm"), PurePosixPath("/etc/rpm"))
"""Where rpm looks for macros and for what it knows of arches."""


class Buildroot:
    """A buildroot in use; made by ``open_buildroot``, gone when that ends.

    Its container is started for the first command, and again, over one more layer, for the first command
    after an installation. /builddir, /tmp and /var/tmp, where builds write, are the same ones all the time.

    ``home`` is the host's directory that is /builddir inside. As soon as anything has run, everything in it
    belongs to the hostile build user: read it through ``builds.results`` or by commands in the container.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: BuildrootConfig,
        layers: Layers,
        root_log: BinaryIO,
        privileges: Privileges | None,
        running: ExitStack,
    ) -> None:
        self.workspace = workspace
        self.config = config
        self.home = workspace.workdir / "home"
        self._layers = layers
        self._root_log = root_log
        self._privileges = privileges
        self._running = running
        self._starts = 0
        self._copy: Path | None = None
        self._container: str | None = None
        self._path = Path()

    @property
    def key(self) -> str | None:
        """The key of what is installed: roots with equal keys are equal."""
        return self._layers.key

    def capture(
        self, command: Sequence[str], *, limit: int = 1 << 20, timeout: float | None = None
    ) -> tuple[int, bytes]:
        """Run a command as the build user.

        Returns its exit status and at most ``limit`` bytes of what it says. Raises ContainerTimeout after
        ``timeout`` seconds.
        """
        sink = Capture(limit)
        return self._exec(command, sink, CHROOT_HOME, timeout), bytes(sink.data)

    def stream(self, command: Sequence[str], sink: LogSink) -> int:
        """Run a command with what it says going to ``sink``, and return its exit status."""
        return self._exec(command, sink, CHROOT_HOME, None)

    def run(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: PurePosixPath = CHROOT_HOME,
        timeout: float | None = None,
        after: Preparation | None = None,
    ) -> int:
        """Run a command as the build user, output appended to ``log``, and return its exit status.

        Nothing that the command started is alive afterwards. If ``after`` fails, the command is not run, and
        PREPARATION_FAILED is returned. Raises BuildTimeout after ``timeout`` seconds, StepStoppedError for a
        build that stops its own shell.
        """
        program = command[0]
        with ExitStack() as files:
            sink = files.enter_context(command_log(log, command))
            stderr = None
            if after:
                stderr = files.enter_context(command_log(after.log, after.command))
                two = ["/bin/bash", "-c", TWO_COMMANDS, "two", str(len(after.command)), *after.command]
                command = [*two, *command]
            try:
                return self._exec(command, sink, cwd, timeout, stderr)
            except ContainerTimeout as error:
                message = f"{program} did not end within {timeout:g} seconds and was killed"
                sink.write(f"{message}\n".encode())
                raise BuildTimeout(message) from error
            except StepStoppedError:
                write_line(sink, STOPPED)
                raise

    def interactive(
        self, command: Sequence[str], *, environment: Mapping[str, str], terminal: bool
    ) -> list[str]:
        """Return a command line that runs a command with the caller's stdin or, with ``terminal``, its tty.

        ``environment`` is in addition to the build's.
        """
        return self.workspace.manager.interactive_exec(
            self._ready_container(),
            [*personality(self.config), *command],
            user=self._user,
            workdir=CHROOT_HOME,
            environment={**self.config.environment, **environment},
            terminal=terminal,
        )

    def _exec(
        self,
        command: Sequence[str],
        sink: LogSink,
        cwd: PurePosixPath,
        timeout: float | None,
        stderr: LogSink | None = None,
    ) -> int:
        container, manager = self._ready_container(), self.workspace.manager
        try:
            status = manager.exec(
                container,
                [*STEP_SHELL, self._soft_files, str(cwd), *personality(self.config), *command],
                stdout=sink,
                stderr=stderr,
                user=self._user,
                environment=self.config.environment,
                timeout=timeout,
            )
        except CommandStoppedError as error:
            raise StepStoppedError(STOPPED) from error
        # a command that went down with its container has not failed by itself
        if status != 0 and (state := self._state(container)) != "running":
            raise EngineError(f"the buildroot's container is {state}: something else has ended it")
        return status

    def _ready_container(self) -> str:
        """Return the id of the container, which is started if need be."""
        if self._container is None:
            self._container = self._start()
        elif self._privileges:  # the last command may have replaced what it wanted
            check_engine_files(self._path)
        return self._container

    def _state(self, container: str) -> str:
        """Say how the container is; the engine may know nothing any more of one that is being removed."""
        try:
            return self.workspace.manager.inspect(container).status
        except EngineError as error:
            return f"not to be found ({error})"

    @property
    def _user(self) -> str:
        return "0:0" if self._privileges else f"{BUILD_UID}:{BUILD_GID}"

    @property
    def _soft_files(self) -> str:
        """The soft limit of open files, for bash's ulimit."""
        soft, _hard = self.workspace.limits.rlimits.get("nofile", (NOFILE_SOFT, None))
        return "unlimited" if soft == -1 else str(soft)

    def _keep(self, failed_roots: FailedRoots) -> None:
        """Keep the root of a task that failed; its own error is what counts, so one here is only logged."""
        try:
            if self._container is None:
                self._container = self._start()
            failed_roots.keep(
                self.config,
                self._path,
                self.home,
                [VolumeMount(scratch(self.workspace, path), path, read_only=True) for path in SCRATCH],
                tools=self.workspace.tools,
                log=self._root_log,
            )
        except AdjutantError as problem:
            logger.warning("Task %s: %s", self.workspace.owner.task_id, problem)

    def install(self, packages: Sequence[str] = (), requires: Sequence[str] = ()) -> Plan:
        """Install packages by name or by anything they provide, and what meets ``requires``.

        Returns the plan, which is empty if all of it was there. Raises DependencyError, which names what
        nothing provides, or BuildrootError if the packages cannot be installed.
        """
        try:
            plan = self._layers.add(Wanted(packages=list(packages), requires=list(requires)))
        except (DependencyError, BuildrootError) as error:
            _write_error(self._root_log, error)
            raise
        if plan.changes:
            self._stop()
        return plan

    def rpm_configuration(self) -> Sequence[VolumeMount]:
        """Return the configuration of the root's rpm, read-only, where that of another root's rpm is.

        As it was installed: nothing that runs in the root can change it. Where a package has put a link in
        the place of a directory, that directory is left out. There until packages are installed.
        """
        overlay = Overlay(self._layers.lowers, self.workspace.workdir / f"rpm-{secrets.token_hex(8)}")
        path = self._running.enter_context(self.workspace.mounted(overlay))
        return [
            VolumeMount(path / place.relative_to("/"), place, read_only=True)
            for place in RPM_CONFIGURATION
            if not any((path / part.relative_to("/")).is_symlink() for part in (place, *place.parents))
            and (path / place.relative_to("/")).is_dir()
        ]

    def lock(self) -> Lock:
        """Return what makes the root as it is now again."""
        return self._layers.lock()

    def check_lock(self) -> None:
        """Raise LockError if the workspace has a lock, and this is not the root in the end of it."""
        self._layers.check_lock()

    def installed_packages(self) -> list[InstalledPackage]:
        """Return what is installed now, as kojid's getPackageList.

        There is no ``gpg-pubkey`` in it, and no ``buildsys-build``.
        """
        return list(self._layers.installed().packages)

    def list_installed_packages(self) -> None:
        """Write installed_pkgs.log."""
        with self.workspace.progress.phase("Outputting list of installed packages"):
            (self.workspace.resultdir / "installed_pkgs.log").write_text(
                listing(self._layers.installed().packages)
            )

    def base_packages(self) -> set[str]:
        """Return the NVRAs of what each build of the tag has, whatever it requires."""
        base = {package.nevra for package in self.lock().steps[0].plan.install}
        return {package.nvra for package in self.installed_packages() if package.nevra in base}

    @contextmanager
    def opened_files(self) -> Iterator[OpenedFiles]:
        """Note what commands in the block open of the root. Raises BuildrootError if the kernel cannot."""
        self._ready_container()
        with opened_files(self._path) as opened:
            yield opened

    def settle(self, seconds: float) -> None:
        """Give what comes, and usually takes so long, a root of its own, if that is worth its making.

        Only the host sees a difference. The next command begins in a new container then, as after an
        installation; those after a further one are over layers again.
        """
        # what is opened is seen in a file system of its own only
        if self._privileges or self.config.used_requires or not self._worth_copying(seconds):
            return
        self._stop()
        with self.workspace.cache.one_copy_at_a_time():
            self._copy = self._copied() if self._worth_copying(seconds) else None

    def _worth_copying(self, seconds: float) -> bool:
        free = free_space(self.workspace.workdir) - self.workspace.disk_reserve
        return self.workspace.copy_roots and is_worth_copying(self._layers.size(), seconds, free)

    def _copied(self) -> Path | None:
        """Copy the root to where its overlay would be seen; None if that is not possible."""
        overlay, size, began = self._new_overlay(), self._layers.size(), time.monotonic()
        copy = overlay.scratch / "copy"
        with self.workspace.mounted(overlay) as merged:
            self.workspace.root_copied(size)
            if not copied(merged, copy):
                self.workspace.root_copied(-size)
                return None
        overlay.merged.rmdir()
        copy.rename(overlay.merged)
        self._root_log.write(f"Copied for a long build in {time.monotonic() - began:.1f} s\n".encode())
        return overlay.merged

    def _new_overlay(self) -> Overlay:
        self._starts += 1
        return Overlay(self._layers.lowers, self.workspace.workdir / f"root-{self._starts}")

    def _start(self) -> str:
        """Start a container over the layers as they are now, and return its id."""
        copy, self._copy = self._copy, None
        self._path = copy or self._running.enter_context(self.workspace.mounted(self._new_overlay()))
        check_engine_files(self._path)
        spec = build_container(self.workspace, self.config, self._privileges, self._path, self.home)
        container = self._running.enter_context(self.workspace.manager.container(spec))
        self.workspace.manager.start(container)
        open_to_builds(self.workspace.manager, container, self.config.build_devices)
        return container

    def _stop(self) -> None:
        self._container = None
        self._running.close()

    def _prepare_home(self) -> None:
        """Make /builddir as mock does, before anybody else can write there."""
        make_home(self.home, self._layers.base, macros_koji(self.config), uid=BUILD_UID, gid=BUILD_GID)
        for path in SCRATCH:
            scratch(self.workspace, path).mkdir()
            scratch(self.workspace, path).chmod(0o1777)


def _write_error(log: BinaryIO, error: AdjutantError) -> None:
    log.write(f"Error: {error}\n".encode())


@contextmanager
def open_buildroot(
    workspace: Workspace, config: BuildrootConfig, privileges: Privileges | None = None
) -> Iterator[Buildroot]:
    """Compose the root, or take it from the store; whatever runs on it is always cleaned up.

    With ``privileges`` commands run as root in it.

    Raises BuildrootError with kojid's sentence ("could not init mock buildroot, mock exited with status N;
    see root.log for more information") when the root cannot be made.
    """
    resultdir = workspace.resultdir
    (resultdir / "koji.repo").write_text(koji_repo(config))
    (resultdir / "macros.koji").write_text(macros_koji(config))
    write_hw_info(resultdir / "hw_info.log", [workspace.workdir, workspace.cache.store.directory])
    with ExitStack() as stack:
        workspace = stack.enter_context(recorded(workspace, SCRIPT))
        log = stack.enter_context((resultdir / "root.log").open("ab", buffering=0))
        if config.without_effect:
            log.write(
                f"Warning: of the tag, without effect here: {', '.join(config.without_effect)}\n".encode()
            )
        with workspace.progress.phase("chroot init"):
            try:
                check_arch(config.arch)
                layers = stack.enter_context(open_layers(workspace, config, log))
                running = stack.enter_context(ExitStack())
                root = Buildroot(workspace, config, layers, log, privileges, running)
                root._prepare_home()
            except (DependencyError, BuildrootError, EngineError) as error:
                _write_error(log, error)
                engine = isinstance(error, EngineError)
                sentence = mock_sentence(FAILED if engine else PACKAGE_MANAGER_FAILED, "root.log")
                raise BuildrootError(f"could not init mock buildroot, {sentence}\n{error}") from error
            installed = "\n".join(package.nevra for package in root.installed_packages())
            log.write(f"Installed packages:\n{installed}\n".encode(errors="replace"))
        try:
            yield root
        except Exception:
            if workspace.failed_roots:
                root._keep(workspace.failed_roots)
            raise
