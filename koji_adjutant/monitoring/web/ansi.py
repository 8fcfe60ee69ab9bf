"""Bytes of a log as lines of HTML: colours kept, everything else a terminal would obey left out.

The HTML's only tags are spans with classes from a fixed set, so nothing in a log can be more than text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from markupsafe import Markup, escape

from koji_adjutant.text import printable

LINE_MAX = 16384
"""Bytes of a line that are shown; the rest is in the file."""
_SEQUENCE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # other control sequences
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and the like, with their text
    r"|\x1b[ -/]*[0-~]?"
)
_STYLES = {1: "bold", 2: "faint", 3: "italic", 4: "underline"}
_ENDS = {22: ("bold", "faint"), 23: ("italic",), 24: ("underline",)}
_COLORS: Mapping[int, str | None] = {
    **{30 + number: f"c{number}" for number in range(8)},
    **{90 + number: f"c{8 + number}" for number in range(8)},
    39: None,
}
"""By the codes that set them; 39 is the terminal's own."""


class Renderer:
    """Feeds on pieces of a log in order; colours go on from line to line, as in a terminal."""

    def __init__(self, offset: int = 0, marked: Iterable[str] = ()) -> None:
        """``offset``: of the first byte that will come. ``marked``: lines to be shown as decisive."""
        self._offset = offset
        self._rest = b""
        self._marked = {line.strip() for line in marked} - {""}
        self._color: str | None = None
        self._styles: set[str] = set()

    def feed(self, data: bytes) -> Iterator[Markup]:
        """Yield the lines that are complete now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield self._line(line)
            self._offset += len(line) + 1
        if len(self._rest) > LINE_MAX:  # a line without end must not fill memory
            yield self._line(self._rest)
            self._offset += len(self._rest)
            self._rest = b""

    def end(self) -> Iterator[Markup]:
        """Yield a last line without a newline."""
        if self._rest:
            yield self._line(self._rest)
            self._offset += len(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> Markup:
        shown = line.rstrip(b"\r").rpartition(b"\r")[2]  # written over: its last state
        text = shown[:LINE_MAX].decode("utf-8", "replace")
        content = Markup().join(self._parts(text))
        plain = printable(_SEQUENCE.sub("", text)).strip()
        kind = "line decisive" if plain in self._marked else "line"
        return Markup('<span class="{}" id="b{}">{}\n</span>').format(kind, self._offset, content)

    def _parts(self, text: str) -> Iterator[Markup]:
        position = 0
        for match in _SEQUENCE.finditer(text):
            yield self._styled(text[position : match.start()])
            if match["sgr"] is not None:
                self._obey(match["sgr"])
            position = match.end()
        yield self._styled(text[position:])

    def _styled(self, text: str) -> Markup:
        content = escape(printable(text.replace("\x08", "")))
        classes = sorted(self._styles | ({self._color} if self._color else set()))
        if not content or not classes:
            return content
        return Markup('<span class="{}">{}</span>').format(" ".join(classes), content)

    def _obey(self, sgr: str) -> None:
        codes = iter([code for group in sgr.split(";") for code in _codes(group)])
        for code in codes:
            if code == 0:
                self._color, self._styles = None, set()
            elif code in _STYLES:
                self._styles.add(_STYLES[code])
            elif code in _ENDS:
                self._styles -= set(_ENDS[code])
            elif code in _COLORS:
                self._color = _COLORS[code]
            elif code == 38:
                self._color = _further_color(codes) or self._color
            elif code == 48:
                _further_color(codes)  # a background: not shown


def _codes(group: str) -> list[int]:
    """Return a sequence's codes.

    ``4:3`` is a kind of 4; ``38:5:1`` says the same as ``38;5;1``, ``38:2:…`` nothing that is shown.
    """
    codes = [int(code[:9] or "0") for code in group.split(":")]
    if codes[0] not in (38, 48):
        return codes[:1]
    return codes[:3] if codes[1:2] in ([], [5]) else []


def _further_color(codes: Iterator[int]) -> str | None:
    """Take what follows 38 or 48: ``5;N`` of 256 colours, or ``2;R;G;B``. Known are the first sixteen."""
    match next(codes, None):
        case 5:
            number = next(codes, 16)
            return f"c{number}" if number < 16 else None
        case 2:
            list(islice(codes, 3))
    return None
