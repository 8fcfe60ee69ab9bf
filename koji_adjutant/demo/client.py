"""The stock ``koji`` command-line client, run as its users run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.report import Report
from koji_adjutant.demo.stage import ADMIN


def find_client() -> str:
    """Find the ``koji`` program of this Python environment, or the one on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = shutil.which("koji", path=path)
    if program is None:
        raise DemoError("the stock koji client is not installed: install the koji package of this system")
    return program


@dataclass(frozen=True)
class KojiClient:
    """Runs ``koji -c CONFIG …`` and shows the command and all it prints."""

    config: Path
    report: Report
    log: Path

    @property
    def command_line(self) -> list[str]:
        user, password = ADMIN
        return [find_client(), "-c", str(self.config), "--user", user, "--password", password]

    def run(self, *arguments: str, cwd: Path | None = None) -> list[str]:
        """Run one client command; the lines that it printed. DemoError if it fails."""
        self.report.command(["koji", *arguments])
        return self._lines(arguments[0], [*self.command_line, *arguments], cwd)

    def _lines(self, name: str, command: Sequence[str], cwd: Path | None) -> list[str]:
        lines = []
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - asked for above
            for line in process.stdout:
                log.write(line)
                self.report.output(line)
                lines.append(line.rstrip("\n"))
        if process.returncode:
            said = lines[-1] if lines else "nothing"
            raise DemoError(f"koji {name} failed with status {process.returncode}; it said: {said}", self.log)
        return lines
