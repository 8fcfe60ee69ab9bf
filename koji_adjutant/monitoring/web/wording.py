"""Numbers and times as people read them."""

from __future__ import annotations

import time
from datetime import datetime

UNKNOWN = "—"
UNITS = ("B", "KB", "MB", "GB", "TB")

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
    if count is None:
        return UNKNOWN
    number = float(count)
    for unit in UNITS:
        if number < 1024 or unit == UNITS[-1]:
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"


def ago(moment: float | None, now: float | None = None) -> str:
    if not moment:
        return "never"
    seconds = max(0, int((time.time() if now is None else now) - moment))
    for length, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 5 else f"{seconds} seconds ago"


def clock(moment: float | None) -> str:
    """Date and time by this machine's clock."""
    if not moment:
        return UNKNOWN
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def percent(part: float | None, whole: float | None) -> int:
    """For gauges: 0 to 100."""
    return max(0, min(100, round(100 * part / whole))) if part and whole else 0


def status_word(status: str) -> str:
    return STATUS_WORDS.get(status, status)


def short(identifier: str) -> str:
    """The beginning of a checksum or id, as podman shows it."""
    return identifier.removeprefix("sha256:")[:12]
