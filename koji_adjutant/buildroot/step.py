"""One step of a build: how its command is run by a shell in the container, and where its output goes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# One step of a build. Afterwards everything else that runs as this user in the container is killed, so that
# nothing from one step is alive when root installs packages into the same tree, or results are collected.
# The shell changes the directory, not the runtime: a hostile link in it could lead a runtime out of the
# container (CVE-2024-21626).
# runc (1.1) gives what is executed later the hard limit of open files for the soft one as well. A host may
# allow fewer altogether, which is no reason to say so in each log.
STEP_SHELL = (
    "/bin/bash",
    "-c",
    'ulimit -Sn "$1" 2>/dev/null; cd -- "$2" || exit 125; shift 2; '
    '"$@"; status=$?; kill -KILL -1 2>/dev/null; exit "$status"',
    "step",
)

STOPPED = "the build has stopped the shell that its step runs in, for good, and was killed"

PREPARATION_FAILED = 123
# The same for two commands: of the first, everything goes to stderr, of the second to stdout.
TWO_COMMANDS = '"${@:2:$1}" >&2 || exit 123; shift $(($1 + 1)); "$@" 2>&1'


class Capture:
    """A sink that a hostile command cannot fill memory with."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit

    def write(self, data: bytes) -> None:
        self.data += data[: self._limit - len(self.data)]


@contextmanager
def command_log(log: Path, command: Sequence[str]) -> Iterator[BinaryIO]:
    """Open a log to which a command's output is appended, below a line with the command."""
    with log.open("ab", buffering=0) as sink:
        sink.write(f"Executing command: {shlex.join(command)}\n".encode(errors="replace"))
        yield sink


@dataclass(frozen=True)
class Preparation:
    """A short command to be run before another, by the same start of a process in the container."""

    command: Sequence[str]
    log: Path
