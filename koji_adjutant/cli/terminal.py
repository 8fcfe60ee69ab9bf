"""Making a log's bytes fit for a terminal: colours stay, what else a terminal would obey is shown."""

from __future__ import annotations

import re
from typing import BinaryIO

# ESC that begins no colour (SGR) sequence, other control characters, and C1 controls in UTF-8
_OBEYED = re.compile(rb"\x1b(?!\[[0-9;:]{0,32}m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]")
_UNFINISHED = re.compile(rb"(?:\x1b(?:\[[0-9;:]{0,32})?|\xc2)\Z")
LONGEST_SEQUENCE = 40
"""Bytes of an escape sequence that may still become a colour."""


class TerminalWriter:
    """Writes to a terminal; what one piece ends with in the middle of a sequence waits for the next."""

    def __init__(self, terminal: BinaryIO) -> None:
        self._terminal = terminal
        self._rest = b""

    def write(self, data: bytes) -> None:
        data = self._rest + data
        unfinished = _UNFINISHED.search(data, max(0, len(data) - LONGEST_SEQUENCE))
        self._rest = unfinished[0] if unfinished else b""
        self._terminal.write(_tame(data[: len(data) - len(self._rest)]))

    def end(self) -> None:
        """Switch colours off that were left on: no more comes."""
        self._terminal.write(_tame(self._rest) + b"\x1b[0m")
        self._rest = b""


def _tame(data: bytes) -> bytes:
    return _OBEYED.sub(_shown, data)


def _shown(match: re.Match[bytes]) -> bytes:
    code = match[0][-1]
    if code < ord(" "):
        return b"^" + bytes([code + ord("@")])
    return b"^?" if code == ord("\x7f") else b"\\x%02x" % code
