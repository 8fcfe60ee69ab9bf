"""What the benchmarks' commands have in common."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "bench" / "results"


def default_state() -> Path:
    """The development state directory."""
    return Path(os.environ.get("KOJI_ADJUTANT_DEV") or Path.home() / ".cache/koji-adjutant")


def name_of_results(*kind: str) -> str:
    """What the files of a run are called, without their suffix: day, host, and what kind of run."""
    host = "".join(letter if letter.isalnum() else "-" for letter in platform.node())
    return "-".join([time.strftime("%Y-%m-%d"), host, *kind])


def say(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(line, file=sys.stderr, flush=True)
