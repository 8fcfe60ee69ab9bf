"""Text that people read: without what a terminal would obey, and without what only developers want."""

from __future__ import annotations

import time

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
"""Of 1024 each, as the sizes in kojid.conf are."""


def printable(text: str) -> str:
    """Return the text with escapes in place of what XML or a terminal cannot take, or would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def innermost_reason(problem: BaseException) -> str:
    """Return what the first cause says: requests wraps urllib3, which wraps the socket's error."""
    while True:
        inner = getattr(problem, "reason", None) or problem.__cause__ or problem.__context__
        if not isinstance(inner, BaseException):
            return str(problem) or type(problem).__name__
        problem = inner


def size(count: float) -> str:
    """Show a number of bytes: ``17 B``, ``1.9 MiB``, ``286 MiB``."""
    number = float(count)
    for unit in UNITS:
        if number < 1024 or unit == UNITS[-1]:
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"


def ago(moment: float, now: float | None = None) -> str:
    """Say how long before ``now`` (or this moment) it was: ``3 hours ago``, ``just now``."""
    seconds = max(0, int((time.time() if now is None else now) - moment))
    for length, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 5 else f"{seconds} seconds ago"
