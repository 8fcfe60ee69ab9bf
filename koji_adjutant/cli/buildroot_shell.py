"""Running a shell, or a command, in a buildroot that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import koji
from rich.console import Console

from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot, Privileges, open_buildroot
from koji_adjutant.buildroot.specification.arch import personality
from koji_adjutant.buildroot.specification.config import CHROOT_HOME, BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.local_workspace import local_workspace, provide_image, temporary_directory
from koji_adjutant.cli.why import show_why
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager
from koji_adjutant.errors import AdjutantError, LockError

SHELL = ("/bin/bash", "--login")


def run_in_buildroot(
    options: AdjutantOptions,
    config: BuildrootConfig,
    command: Sequence[str],
    *,
    prepare: Callable[[Buildroot], None],
    lock: Lock | None = None,
    as_root: bool = False,
) -> int:
    """The exit status of the command that was run in the buildroot after ``prepare`` had its turn there."""
    display = PhaseDisplay(Console(stderr=True))
    with ExitStack() as stack:
        resultdir = stack.enter_context(temporary_directory(options.state_dir))
        try:
            with display:
                manager = stack.enter_context(open_engine(options))
                workspace = stack.enter_context(
                    local_workspace(
                        manager,
                        options.state_dir,
                        workdir=stack.enter_context(temporary_directory(options.state_dir)),
                        resultdir=resultdir,
                        image=options.task_image_default,
                        network=options.network_mode,
                        progress=display,
                        limits=options.limits,
                        cache_size=options.cache_size,
                        lock=lock,
                    )
                )
                provide_image(manager, options.state_dir, options.task_image_default, display)
                privileges = Privileges(ROOT_CAPABILITIES) if as_root else None
                root = stack.enter_context(open_buildroot(workspace, config, privileges))
                prepare(root)
                root.capture(["true"])  # starts its container
        except LockError:
            raise
        except (AdjutantError, koji.GenericError) as error:
            show_why(display.console, resultdir, error)
            raise
        line = _command_line(manager, workspace.owner.task_id, config, command, as_root=as_root)
        return subprocess.call(line)


def _command_line(
    manager: ContainerManager, owner: str, config: BuildrootConfig, command: Sequence[str], *, as_root: bool
) -> list[str]:
    labels = {f"{LABEL_PREFIX}task_id": owner, f"{LABEL_PREFIX}role": "build"}
    (container,) = manager.list_containers(labels)
    return manager.interactive_exec(
        container.id,
        [*personality(config), *command],
        user="0:0" if as_root else f"{BUILD_UID}:{BUILD_GID}",
        workdir=CHROOT_HOME,
        # the terminal is the caller's, all else is the build's
        environment={**config.environment, "TERM": os.environ.get("TERM", "dumb")},
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )
