"""Text that people read: without what a terminal would obey, and without what only developers want."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with escapes in place of what XML or a terminal cannot take, or would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def innermost_reason(problem: BaseException) -> str:
    """What the first cause says: requests wraps urllib3, which wraps the socket's error."""
    while True:
        inner = getattr(problem, "reason", None) or problem.__cause__ or problem.__context__
        if not isinstance(inner, BaseException):
            return str(problem) or type(problem).__name__
        problem = inner
