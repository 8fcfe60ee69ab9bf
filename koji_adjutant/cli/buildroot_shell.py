"""Running a shell, or a command, in a buildroot that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import koji
from rich.console import Console

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.cli.display import PhaseDisplay
from koji_adjutant.cli.local_workspace import (
    check_possible,
    local_workspace,
    provide_image,
    temporary_directory,
)
from koji_adjutant.cli.why import show_why
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.errors import AdjutantError, LockError


def run_in_buildroot(
    options: AdjutantOptions,
    config: BuildrootConfig,
    command: Sequence[str],
    *,
    prepare: Callable[[Buildroot], None],
    lock: Lock | None = None,
    as_root: bool = False,
) -> int:
    """Run a command in a buildroot after ``prepare`` had its turn there. Returns its exit status."""
    check_possible(config.arch)
    display = PhaseDisplay(Console(stderr=True))
    with ExitStack() as stack:
        resultdir = stack.enter_context(temporary_directory(options.state_dir))
        try:
            with display:
                manager = stack.enter_context(open_engine(options))
                workspace = stack.enter_context(
                    local_workspace(
                        manager,
                        options,
                        workdir=stack.enter_context(temporary_directory(options.state_dir)),
                        resultdir=resultdir,
                        network=options.network_mode,
                        progress=display,
                        lock=lock,
                    )
                )
                provide_image(manager, options.state_dir, options.task_image_default, display)
                privileges = Privileges(ROOT_CAPABILITIES) if as_root else None
                root = stack.enter_context(open_buildroot(workspace, config, privileges))
                prepare(root)
                line = shell_line(root, command)
        except LockError:
            raise
        except (AdjutantError, koji.GenericError) as error:
            show_why(display.console, resultdir, error)
            raise
        return subprocess.call(line)


def shell_line(root: Buildroot, command: Sequence[str]) -> list[str]:
    """Return a command line that runs a command in a buildroot on the caller's terminal, if there is one."""
    return root.interactive(
        command,
        # the terminal is the caller's, all else is the build's
        environment={"TERM": os.environ.get("TERM", "dumb")},
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )
