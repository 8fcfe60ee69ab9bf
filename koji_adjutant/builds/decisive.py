"""The decisive lines of a log: those that show why a command failed.

Which lines those are is found from the end: the last command's output; of rpmbuild's, the section that it
says went wrong; in there, rather what came after the last command that the shell's trace shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.builds.signs import CAUSE, NOISE, OUTSIDE, SUMMARY, Sign, read_sign
from koji_adjutant.text import printable

TAIL_BYTES = 4 << 20
"""How much of a log's end is looked at."""
LINE_LENGTH = 400
"""Characters of a line that are looked at and shown."""
SENTENCE_LENGTH = 240
LINES = 20
CLUSTER_GAP = 40
"""Lines between two decisive ones that may still be about the same trouble."""

BUILD_LOG = "build.log"
"""Where rpmbuild's output is."""

_COMMAND = "Executing command: "
_BAD_EXIT = re.compile(r"error: Bad exit status from \S+ \((%\w+)\)")
# rpm 4.20 and later make the build directory before they have read all of the spec
_SECTION = re.compile(r"Executing\(%(?!mkbuilddir\))\w+\):")
_SUMMARY = re.compile(r"RPM build errors:")
_TRACE = re.compile(r"(?:\++|\$) (.*)")  # of "sh -x", and of our checkouts
# colours and other things terminals obey: CSI and OSC sequences
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;:?]{0,64}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\))")


@dataclass(frozen=True)
class _Line:
    offset: int
    text: str


@dataclass(frozen=True)
class Finding:
    """What a log shows of why a command failed.

    ``lines`` are the decisive ones, fit to be shown, and ``offset`` is the first one's place in the file, in
    bytes. ``sentence`` is the best one to quote and ``sign`` its kind, None if no line looks decisive.
    ``section`` is the part of the spec ("%build"), ``command`` the last one that the shell's trace shows.
    ``unread``: rpmbuild had an error before it ran any section, so it is the spec that it could not read.
    """

    lines: tuple[str, ...]
    offset: int
    sentence: str = ""
    sign: Sign | None = None
    section: str | None = None
    command: str | None = None
    unread: bool = False


def find_decisive(log: Path, count: int = LINES) -> Finding | None:
    """Find the decisive lines in the last ``TAIL_BYTES`` of a log; None if it is missing or empty."""
    tail = _tail(log)
    lines = _last_output(tail)
    if not lines:
        return None
    unread = log.name == BUILD_LOG and tail[0].offset == 0 and _is_unread(lines)
    section, lines = _failed_section(lines)
    traces = [number for number, line in enumerate(lines) if _TRACE.match(line.text)]
    command = lines[traces[-1]].text.lstrip("+$ ") if traces else None
    for part in (lines[traces[-1] + 1 :] if traces else [], lines):
        signs = _signs_by_line(part)
        if section == "%check":
            signs = _without_provoked(signs)
        if signs:
            quoted = _line_to_quote(signs)
            shown = _without_noise(part[_beginning(part, signs, quoted) :])
            texts = _shortened([line.text for line in shown], count)
            sentence = _sentence(part, quoted)
            return Finding(texts, shown[0].offset, sentence, signs[quoted], section, command, unread)
    shown = _without_noise(lines)[-count:] or lines[-count:]
    texts = tuple(line.text for line in shown)
    return Finding(texts, shown[0].offset, section=section, command=command, unread=unread)


def _tail(log: Path) -> list[_Line]:
    """Return the last lines as text fit for a terminal; of one written over with ``\\r``, the last state."""
    try:
        with log.open("rb") as file:
            start = max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES)
            file.seek(start)
            data = file.read(TAIL_BYTES)
    except FileNotFoundError:
        return []
    lines = []
    for raw in data.split(b"\n"):
        visible = _ESCAPES.sub(b"", raw.rstrip(b"\r").rpartition(b"\r")[2][: 4 * LINE_LENGTH])
        text = printable(visible.decode("utf-8", "replace").expandtabs())[:LINE_LENGTH].rstrip()
        lines.append(_Line(start, text))
        start += len(raw) + 1
    return lines


def _last_output(lines: list[_Line]) -> list[_Line]:
    """Return what the last command said, without rpmbuild's summary, which says everything twice."""
    for number in reversed(range(len(lines))):
        if lines[number].text.startswith(_COMMAND):
            lines = lines[number + 1 :]
            break
    for number in reversed(range(len(lines))):
        if _SUMMARY.match(lines[number].text):
            lines = lines[:number]
            break
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _is_unread(lines: Sequence[_Line]) -> bool:
    texts = [line.text for line in lines]
    return any(text.startswith("error: ") for text in texts) and not any(map(_SECTION.match, texts))


def _failed_section(lines: list[_Line]) -> tuple[str | None, list[_Line]]:
    """Return the section that rpmbuild says ended badly, and its lines.

    None and all lines if it says none.
    """
    ends = (match for line in reversed(lines) if (match := _BAD_EXIT.match(line.text)))
    failed = next(ends, None)
    if failed is None:
        return None, lines
    section = failed[1]
    for number in reversed(range(len(lines))):
        if lines[number].text.startswith(f"Executing({section}):"):
            return section, lines[number + 1 :]
    return section, lines


def _signs_by_line(lines: Sequence[_Line]) -> Mapping[int, Sign]:
    """Return the signs by the numbers of the lines that show them."""
    return {number: sign for number, line in enumerate(lines) if (sign := read_sign(line.text))}


def _without_provoked(signs: Mapping[int, Sign]) -> Mapping[int, Sign]:
    """Leave out what test suites provoke (full disks, for example) if they say which tests failed."""
    inside = {number: sign for number, sign in signs.items() if sign.rank < OUTSIDE}
    return inside if any(sign.rank == SUMMARY for sign in inside.values()) else signs


def _line_to_quote(signs: Mapping[int, Sign]) -> int:
    """Return the number of the line where the last trouble of the highest rank begins."""
    rank = max(sign.rank for sign in signs.values())
    return _start_of_last_cluster([number for number, sign in signs.items() if sign.rank == rank])


def _beginning(lines: Sequence[_Line], signs: Mapping[int, Sign], quoted: int) -> int:
    """Return the number of the first line to show: that of the quoted line's trouble, or the one before it.

    The trouble may have begun with lines of a lower rank, though not with a mere HINT.
    """
    rank = min(signs[quoted].rank, CAUSE)
    start = _start_of_last_cluster(
        [number for number, sign in signs.items() if sign.rank >= rank and number <= quoted]
    )
    while start > 0 and quoted - start < 2 and not NOISE.match(lines[start - 1].text):
        start -= 1  # in which function, for example
    return start


def _without_noise(lines: Sequence[_Line]) -> list[_Line]:
    return [line for line in lines if not NOISE.match(line.text)]


def _shortened(texts: Sequence[str], count: int) -> tuple[str, ...]:
    """Return at most ``count``: the first ones, and instead of the last few the decisive ones of the rest."""
    if len(texts) <= count:
        return tuple(texts)
    first = count - min(4, count // 4)
    return tuple([*texts[:first], *(text for text in texts[first:] if read_sign(text))][:count])


def _start_of_last_cluster(numbers: Sequence[int]) -> int:
    """Return the first of the last numbers that lie close to each other."""
    start = numbers[-1]
    for number in reversed(numbers):
        if start - number > CLUSTER_GAP:
            break
        start = number
    return start


def _sentence(lines: Sequence[_Line], number: int) -> str:
    """Return the text of a line; of one that ends in a colon, together with the line that it announces.

    rpm quotes lines of a spec file with their ends, and goes on with a colon in the next line of the log.
    """
    text = lines[number].text.strip()
    following = next((line.text.strip() for line in lines[number + 1 :] if line.text.strip()), "")
    if following.startswith(": "):
        return f"{text}{following}"[:SENTENCE_LENGTH]
    return (f"{text} {following}" if text.endswith(":") and following else text)[:SENTENCE_LENGTH]
