"""Places where whoever comes by is held until somebody opens: files that programs in containers wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from koji_adjutant.config.values import volume_mounts

PROGRAM = """\
import os, sys, time

program = next((os.path.basename(word) for word in sys.orig_argv if word.startswith("/adjutant/")), None)
closed = f"/hold/{program}"
if program and os.path.exists(closed):
    open(f"{closed}.reached", "w").close()
    while os.path.exists(closed):
        time.sleep(0.05)
"""
"""What our programs do first in a container of the tool image, before their own first line."""
START = 'import os; exec(open("/hold/hold.py").read(), {}) if os.path.exists("/hold/hold.py") else None\n'
"""A line of a .pth file, which Python carries out when it starts."""
SITE = "/usr/lib/python3/dist-packages/adjutant-tests.pth"


class Gate(Protocol):
    """A place where a task is held."""

    def reached(self) -> bool:
        """Return whether somebody is there, or has been."""

    def open(self) -> None:
        """Let those who are there go on, and those who come later. To be called again and again until the
        task has ended: some gates are anew in each try."""


def waiting(directory: str) -> str:
    """Return shell commands that wait at a gate: for the file ``go``, saying so in ``held``."""
    place = directory.rstrip("/")
    return f"touch {place}/held; until [ -e {place}/go ]; do sleep 0.1; done; rm -f {place}/held {place}/go"


class FileGate:
    """Where commands wait as ``waiting`` says, in directories that match ``pattern`` below ``top``."""

    def __init__(self, top: Path, pattern: str) -> None:
        self._top = top
        self._pattern = pattern

    def reached(self) -> bool:
        return any(self._held())

    def open(self) -> None:
        for held in self._held():
            try:
                held.with_name("go").touch()
            except FileNotFoundError:  # the try has just ended
                continue

    def _held(self) -> list[Path]:
        return [*self._top.glob(f"{self._pattern}/held")]


class ToolGate:
    """Where a program of ours is held when it starts in a container of the tool image."""

    def __init__(self, directory: Path, program: str) -> None:
        self._closed = directory / program
        self._reached = directory / f"{program}.reached"
        self._reached.unlink(missing_ok=True)
        self._closed.touch()

    def reached(self) -> bool:
        return self._reached.exists()

    def open(self) -> None:
        self._closed.unlink(missing_ok=True)


def tool_gates(directory: Path) -> str:
    """Make the directory of ``ToolGate``s. Returns the line of kojid.conf by which programs come by there."""
    directory.mkdir()
    directory.chmod(0o1777)  # a checkout runs as nobody in particular
    (directory / "hold.py").write_text(PROGRAM)
    start = directory / "start.pth"
    start.write_text(START)
    mounts = f"{directory}:/hold:rw {start}:{SITE}:ro"
    assert volume_mounts(mounts)
    return f"container_mounts = {mounts}"
