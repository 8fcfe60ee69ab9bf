"""Text that people read: without what a terminal would obey, without passwords, and without what only
developers want."""

from __future__ import annotations

import re
import time

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
"""Of 1024 each, as the sizes in kojid.conf are."""


MASK = "***"
"""Stands for a password."""
_CREDENTIALS = re.compile(r"(?<=://)(?P<user>[^/?#@:\s]*)(?P<password>:[^/?#\s]*)?@")


def printable(text: str) -> str:
    """Return text that may be shown: no passwords in URLs, and nothing that XML or a terminal cannot take.

    What a terminal would obey is there as an escape.
    """
    shown = "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
    return without_passwords(shown)


def on_one_line(text: str) -> str:
    """Return text that may be shown and is one line, whatever is in it."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def without_passwords(text: str, mask: str = MASK) -> str:
    """Return the text with the mask in place of each password in a URL: ``https://me:***@host/``."""
    return _CREDENTIALS.sub(lambda url: f"{url['user']}:{mask}@" if url["password"] else url[0], text)


def without_credentials(url: str) -> str:
    """Return a URL for others to use: without the name and password of whoever used it first.

    Those who may use it have their own, in ~/.netrc for example.
    """
    return _CREDENTIALS.sub("", url)


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
