"""Reading the parameters of a request; what cannot be meant is an error that says what can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from koji_adjutant.monitoring.web.problems import Problem

LIMIT_MAX = 500
"""Rows that one answer has at most."""
INTEGER_MAX = 2**63 - 1
"""The largest that SQLite knows."""


def bad(name: str, sentence: str) -> Problem:
    return Problem(400, "bad_parameter", f"The parameter {name} {sentence}.", parameter=name)


class Parameters:
    """The parameters of one request, of which all must be ``known``."""

    def __init__(self, given: QueryParams, known: Iterable[str]) -> None:
        self._given = given
        allowed = sorted(known)
        for name in given:
            if name not in allowed:
                raise bad(name, f"is unknown here; known are: {', '.join(allowed) or 'none'}")

    def text(self, name: str) -> str | None:
        return self._given.get(name) or None

    def number(self, name: str, default: int, *, least: int = 0, most: int = INTEGER_MAX) -> int:
        text = self._given.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise bad(name, f"must be a number from {least} to {most}")
        return int(text)

    def flag(self, name: str) -> bool:
        text = self._given.get(name, "false").lower()
        if text not in ("true", "false", "1", "0"):
            raise bad(name, "must be true or false")
        return text in ("true", "1")

    def word(self, name: str, words: Sequence[str]) -> str | None:
        text = self.text(name)
        if text is not None and text not in words:
            raise bad(name, f"must be one of {', '.join(words)}")
        return text

    def moment(self, name: str) -> float | None:
        """Read ISO 8601, or seconds since the epoch."""
        text = self.text(name)
        if text is None:
            return None
        try:
            if re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,6})?", text):
                return float(text)
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise bad(name, "must be a time like 2025-01-31T12:00:00Z, or seconds since the epoch") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
