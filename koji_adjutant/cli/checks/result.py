"""What a check has found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from koji_adjutant.errors import AdjutantError


class Level(StrEnum):
    """FAIL: a worker cannot work like this; WARN: some of its tasks cannot be done, or not for long."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class CheckResult:
    """``message``: what is so and, unless it is well, what to do."""

    level: Level
    subject: str
    message: str


def failing(subject: str, results: Iterator[CheckResult]) -> Iterator[CheckResult]:
    """Yield the results; an error of ours ends them as a failure of ``subject``."""
    try:
        yield from results
    except AdjutantError as error:
        yield CheckResult(Level.FAIL, subject, str(error))
