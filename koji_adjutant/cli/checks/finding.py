"""What a check found."""

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
class Finding:
    """``message``: what is so and, unless it is well, what to do."""

    level: Level
    subject: str
    message: str


def failing(subject: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings; an error of ours ends them as a failure of ``subject``."""
    try:
        yield from findings
    except AdjutantError as error:
        yield Finding(Level.FAIL, subject, str(error))
