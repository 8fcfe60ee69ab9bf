"""How an option of [adjutant] is declared: its default, how its text is read, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

T = TypeVar("T")


def option(default: str, read: Callable[[str], T], meaning: str, *, secret: bool = False) -> T:
    """Declare an option, as a dataclass's field that keeps all three as metadata.

    ``default`` is written as kojid.conf would have it, and read as that is. ``read`` raises ValueError, whose
    message continues the sentence "the option KEY …". ``meaning`` is Markdown: docs/reference.md has it. A
    ``secret`` is left out where the options are printed.
    """
    metadata = {"default": default, "read": read, "meaning": meaning}
    return field(default_factory=lambda: read(default), repr=not secret, metadata=metadata)
