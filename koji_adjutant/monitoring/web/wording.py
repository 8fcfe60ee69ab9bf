"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import datetime

from koji_adjutant import text

UNKNOWN = "—"

STATUS_WORDS = {
    "running": "running",
    "closed": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
    "refused": "given back",
    "interrupted": "interrupted",
}
"""What the journal calls it: what a person calls it."""


def duration(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"


def size(count: float | None) -> str:
    return UNKNOWN if count is None else text.size(count)


def ago(moment: float | None, now: float) -> str:
    return text.ago(moment, now) if moment else "never"


def clock(moment: float | None) -> str:
    """Write date and time by this machine's clock."""
    if not moment:
        return UNKNOWN
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def percent(part: float | None, whole: float | None) -> int:
    """Return 0 to 100, for gauges."""
    return max(0, min(100, round(100 * part / whole))) if part and whole else 0


def status_word(status: str) -> str:
    return STATUS_WORDS.get(status, status)


def short(identifier: str) -> str:
    """Return the beginning of a checksum or id, as podman shows it."""
    return identifier.removeprefix("sha256:")[:12]
