"""Times, durations and packagers' words as a terminal shows them."""

from __future__ import annotations

import time

from rich.text import Text

from koji_adjutant.text import printable

STYLES = {
    "running": "cyan",
    "closed": "green",
    "failed": "bold red",
    "canceled": "yellow",
    "refused": "yellow",
    "interrupted": "magenta",
}
"""Of a task's status."""


def moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def duration(seconds: float) -> str:
    """Write a time as ``4.2 s``, ``3:07 min``, ``2:10 h``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def plain(text: str | None, style: str = "") -> Text:
    """Return a packager's text with no markup, nothing that a terminal would obey, on one line."""
    return Text(printable(text or "-").replace("\n", " "), style)


def status(word: str) -> Text:
    return Text(word, STYLES.get(word, ""))
