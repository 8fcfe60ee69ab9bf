"""Terminals for commands under test, with somebody typing and looking."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Sequence


def run_on_terminal(line: Sequence[str], typed: bytes) -> tuple[int, bytes]:
    """The command's exit status, and all that was to be seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed)
    seen = seen_on(ours)
    return process.wait(), seen


def seen_on(ours: int) -> bytes:
    """All that is written to a terminal until nobody has its other end any more; closes ours."""
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:  # how a terminal says that the other end is closed
        pass
    os.close(ours)
    return seen
