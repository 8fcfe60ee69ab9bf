"""Running a program of the machine's that must end well."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def said(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    """What it says; if it fails, the test does, with all that it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
