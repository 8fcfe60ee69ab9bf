"""The lines of a log that tell why a build failed."""

from __future__ import annotations

import re
from pathlib import Path

TAIL_BYTES = 256 << 10

_TELLING = re.compile(
    r"error|fatal|undefined reference|not found|no such file|cannot|failed|\*\*\*|nothing provides",
    re.IGNORECASE,
)
# a shell's trace, rpmbuild's summary (which repeats what stands above it), and what we write ourselves
_NOISE = re.compile(
    r"\s*$|\+|RPM build (errors|warnings):|Executing command:|\s+Bad exit status from|error: Bad exit"
)


def decisive_lines(log: Path, count: int = 20) -> list[str]:
    """At most ``count`` lines near the end of ``log``: from the first that tells of trouble in what ran last.

    A missing log has none.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    # only the last command's output: what went before it went well
    lines = re.split(r"^Executing command:.*\n", text, flags=re.MULTILINE)[-1].splitlines()
    lines = [line for line in lines if not _NOISE.match(line)]
    telling = [number for number, line in enumerate(lines) if _TELLING.search(line)]
    # the last cluster of such lines: from its first one, with a line of context, to the end
    start = len(lines) - count
    for number in telling:
        if number >= len(lines) - 2 * count:
            start = number - 1
            break
    start = max(0, start)
    return lines[start : start + count]
