"""The one place that starts programs, and the error everything here ends in."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class DistributionError(Exception):
    """The distribution cannot be made; the message is one sentence with what to do."""


def run(command: Sequence[str | Path], *, cwd: Path | None = None, stdin: str | None = None) -> str:
    """Run a command with a C locale and return its standard output.

    Raises DistributionError with the command, in a form that can be pasted, and the end of its output.
    """
    environment: Mapping[str, str] = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    argv = [str(part) for part in command]
    try:
        done = subprocess.run(
            argv, cwd=cwd, input=stdin, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise DistributionError(f"{argv[0]} is not installed; see tests/distribution/README.md") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise DistributionError(f"exit status {done.returncode} of {shlex.join(argv)}\n{tail}")
    return done.stdout
