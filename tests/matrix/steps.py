"""What is run on each host: the README's commands, in the parts that they consist of."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.platforms import Platform
from tests.matrix.stand_in import StandIn
from tests.support.tool_image import WITHOUT_DNF4

SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)
"""pytest's last line."""


@dataclass(frozen=True)
class Step:
    """One command; ``title`` heads its column."""

    name: str
    title: str
    command: Sequence[str]


STEPS = (
    Step("demo", "`make demo`", ["make", "demo"]),
    Step("lint", "`make lint`", ["make", "lint"]),
    Step("docs", "`make docs`", ["make", "docs"]),
    Step("unit", "unit tests", ["make", "unit"]),
    Step("fuzz", "drawn requests", ["make", "fuzz"]),
    Step("integration", "integration tests", ["make", "integration"]),
    Step("hub", "hub tests", ["make", "hub"]),
    Step("e2e", "end to end", ["make", "e2e"]),
    Step("debian-13", "`make debian-13`", ["make", "debian-13"]),
)


@dataclass(frozen=True)
class Outcome:
    """How a step went; ``said`` is pytest's count, or "" for what counts nothing; ``minutes`` it took;
    ``when`` is the day (ISO 8601) and the commit."""

    passed: bool
    said: str
    minutes: float
    when: str


def run(step: Step, platform: Platform, stand_in: StandIn, log: Path, when: str) -> Outcome:
    started = time.monotonic()
    environment: Mapping[str, str] = {WITHOUT_DNF4: "1"} if platform.dnf5_only else {}
    log.unlink(missing_ok=True)
    status = stand_in.run(step.command, log, environment)
    minutes = (time.monotonic() - started) / 60
    counts = SUMMARY.findall(log.read_text(errors="replace"))
    return Outcome(status == 0, counts[-1] if counts else "", round(minutes, 1), when)


def wanted(platform: Platform) -> list[Step]:
    """The demo makes its own tool image, and unit tests need none."""
    return [step for step in STEPS if step.name in ("integration", "hub") or not platform.dnf5_only]
