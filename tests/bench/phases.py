"""From what was noted of one build to the phases that are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.bench.stopwatch import Span

PHASES = {
    "resolve": "finding out which packages are to be installed",
    "download": "getting those packages",
    "install": "the package transactions",
    "start": "from there to a root that commands can run in",
    "srpm": "unpacking the source package, and making it anew (-bs), which says what else is needed",
    "rpmbuild": "the build proper (-bb)",
    "collect": "from its end to results and logs in place",
    "end": "leaving nothing behind",
    "other": "everything else: what is between the phases",
}
"""In the order in which they come."""

_ENGINE = {
    ("run", "resolve"): "resolve",
    ("run", "install"): "install",
    ("create", "build"): "start",
    ("start", "build"): "start",
    ("remove", "build"): "end",
}

_STATE_LINE = re.compile(r"^(?P<time>\S+ \S+) - (?P<event>Start|Finish): (?P<name>.*)$")


def of_worker(spans: Sequence[Span], *, ended: float, total: float, download: float) -> dict[str, float]:
    """Phases of a build of ours: ``ended`` is when the recipe had its results, ``total`` all its seconds."""
    phases = dict.fromkeys(PHASES, 0.0)
    for span in spans:
        name = _step(span) if span.what == "exec" else _ENGINE.get((span.what, span.role))
        if name:
            phases[name] += span.seconds
    phases["download"] = download
    phases["collect"] = ended - last_rpmbuild(spans).ended
    phases["other"] = total - sum(phases.values())
    return phases


def last_rpmbuild(spans: Sequence[Span]) -> Span:
    """The rpmbuild that made the packages."""
    return [span for span in spans if _step(span) == "rpmbuild"][-1]


def first_start(spans: Sequence[Span]) -> Span:
    """The start of the first container that commands of the build can run in."""
    return next(span for span in spans if (span.what, span.role) == ("start", "build"))


def _step(span: Span) -> str | None:
    if span.what != "exec":
        return None
    return "rpmbuild" if "/usr/bin/rpmbuild" in span.command and "-bs" not in span.command else "srpm"


def of_state_log(lines: Iterable[str]) -> list[tuple[str, datetime, datetime]]:
    """mock's phases: name, start and end, in the order of their ends."""
    begun: dict[str, datetime] = {}
    phases = []
    for line in lines:
        match = _STATE_LINE.match(line.strip())
        if not match:
            continue
        time = datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S,%f")
        if match["event"] == "Start":
            begun[match["name"]] = time
        elif match["name"] in begun:
            phases.append((match["name"], begun.pop(match["name"]), time))
    return phases


def of_mock(init: float, probe: float, rebuild: float, state_log: str) -> dict[str, float]:
    """Phases of kojid's three calls of mock, which took so many seconds.

    One run of dnf resolves and installs, so ``install`` has it all. What mock calls build setup is ``srpm``:
    unpacking, making the source package anew, and installing what it asks for.
    """
    states = of_state_log(state_log.splitlines())

    def seconds(start_of_name: str) -> float:
        return sum(
            (end - start).total_seconds() for name, start, end in states if name.startswith(start_of_name)
        )

    phases = dict.fromkeys(PHASES, 0.0)
    phases["install"] = seconds("installing minimal buildroot")
    phases["srpm"] = seconds("build setup for")
    phases["rpmbuild"] = seconds("rpmbuild ") - seconds("Outputting list of installed packages")
    phases["start"] = init + probe - phases["install"]
    phases["other"] = init + probe + rebuild - sum(phases.values())
    return phases
