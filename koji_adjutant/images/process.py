"""Running the host's package tools: output shown as it comes, failures with their reason."""

from __future__ import annotations

import collections
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence

from koji_adjutant.container.installing import to_install
from koji_adjutant.errors import ImageError
from koji_adjutant.images.recipe import ShowLine

LAST_LINES = 5


def run_and_show(
    command: Sequence[str], show: ShowLine, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Run a command, show each line it prints (stdout and stderr), and return the lines.

    It leads a process group that is killed if we are interrupted. Raises ImageError if the command is not
    installed or fails.
    """
    if shutil.which(command[0]) is None:
        raise ImageError(
            f"{command[0]} is not installed on this host, and the tool image is made with it: "
            f"{to_install(command[0])}"
        )
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **(environment or {})},
        process_group=0,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
            for line in process.stdout:
                lines.append(line.rstrip())
                show(lines[-1])
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode != 0:
        said = " / ".join(collections.deque((line for line in lines if line), LAST_LINES))
        raise ImageError(f"`{shlex.join(command[:3])} …` failed with status {process.returncode}: {said}")
    return lines
