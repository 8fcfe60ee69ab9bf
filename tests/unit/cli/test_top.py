"""``koji-adjutant top`` on a real (pseudo) terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios

from koji_adjutant.cli.top import command
from koji_adjutant.errors import NotFound, UsageError
from koji_adjutant.monitoring import events
from tests.unit.cli.conftest import Machine, record_failed_build


class Screen:
    """What a process has written to a terminal of 40 lines and 200 columns."""

    def __init__(self, words: list[str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        environment = {**os.environ, "TERM": "xterm"}
        for name in ("COLUMNS", "LINES"):  # of the tests' own terminal, or what readline takes it for
            environment.pop(name, None)
        self.process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self.text = b""

    def wait_for(self, words: bytes) -> None:
        """Ends by pytest's own limit if they never come."""
        while words not in self.text:
            self.text += os.read(self._ours, 65536)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Read until the process has ended."""
        try:
            while piece := os.read(self._ours, 65536):
                self.text += piece
        except OSError:  # how a terminal says that the other end is closed
            pass
        os.close(self._ours)
        self.process.wait()


def test_it_shows_what_happens_while_it_runs(machine: Machine) -> None:
    journal = machine.journal()
    record_failed_build(journal)
    words = [sys.executable, "-m", "koji_adjutant.cli", "top", "-c", str(machine.config), "--interval", "0.1"]
    screen = Screen(words)
    try:
        screen.wait_for(b"in %build: x.c:1:1: error: [bold]no")
        screen.wait_for(b"No task is running")
        journal.record(events.TaskTaken(task_id=8, method="createrepo", arch="noarch", tag="f40-build"))
        screen.wait_for(b"f40-build")
        journal.record(events.PhaseStarted(task_id=8, number=0, depth=0, name="createrepo_c at work"))
        screen.wait_for(b"createrepo_c at work")
    finally:
        screen.interrupt()
        screen.close()
    assert screen.process.returncode == 0
    assert screen.text.endswith(b"\x1b[?25h\x1b[?1049l")  # the terminal is as it was before


def test_it_needs_a_terminal(machine: Machine) -> None:
    machine.journal()
    result = machine.run(command)
    assert isinstance(result.exception, UsageError)
    assert "koji-adjutant status" in str(result.exception)


def test_no_journal(machine: Machine) -> None:
    screen = Screen([sys.executable, "-m", "koji_adjutant.cli", "top", "-c", str(machine.config)])
    screen.wait_for(b"There is no journal")
    screen.close()
    assert screen.process.returncode == NotFound.exit_code
