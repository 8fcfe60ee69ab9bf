"""From requests and logs to phases."""

from __future__ import annotations

import pytest

from tests.bench import phases
from tests.bench.stopwatch import Span

STEP = ("/bin/bash", "-c", "…", "step", "/builddir")


def span(what: str, role: str, started: float, ended: float, *command: str) -> Span:
    return Span(what, role, (*STEP, *command) if command else (), started, ended)


def rpmbuild(mode: str, started: float, ended: float) -> Span:
    return span("exec", "build", started, ended, "bash", "/usr/bin/rpmbuild", mode, "x.spec")


SPANS = [
    span("run", "resolve", 1.0, 2.0),
    span("run", "install", 2.5, 4.0),
    span("create", "build", 4.5, 4.6),
    span("start", "build", 4.6, 4.75),
    rpmbuild("-bs", 5.0, 5.7),
    span("run", "resolve", 5.75, 6.0),
    span("remove", "build", 6.0, 6.1),
    span("create", "build", 6.1, 6.2),
    span("start", "build", 6.2, 6.3),
    rpmbuild("-bs", 6.3, 6.5),
    rpmbuild("-bb", 6.75, 8.25),
    span("remove", "build", 8.5, 8.75),
]


def test_what_belongs_to_which_phase() -> None:
    found = phases.of_worker(SPANS, ended=8.4, total=8.0, download=0.3)
    assert list(found) == list(phases.PHASES)
    expected = {
        "resolve": 1.25,
        "download": 0.3,
        "install": 1.5,
        "start": 0.45,
        "srpm": 0.9,
        "rpmbuild": 1.5,
        "collect": 0.15,
        "end": 0.35,
    }
    assert found == pytest.approx(expected | {"other": 8.0 - sum(expected.values())})


def test_the_root_is_ready_when_the_first_container_has_started() -> None:
    assert phases.first_start(SPANS).ended == 4.75


STATE_LOG = """\
2026-01-02 03:04:00,100 - Mock Version: 6.7
2026-01-02 03:04:00,100 - Start: chroot init
2026-01-02 03:04:00,500 - Start: installing minimal buildroot with dnf4
2026-01-02 03:04:03,500 - Finish: installing minimal buildroot with dnf4
2026-01-02 03:04:04,000 - Finish: chroot init
2026-01-02 03:04:10,000 - Start: build phase for greet-1-1.src.rpm
2026-01-02 03:04:10,000 - Start: build setup for greet-1-1.src.rpm
2026-01-02 03:04:10,750 - Finish: build setup for greet-1-1.src.rpm
2026-01-02 03:04:10,750 - Start: rpmbuild greet-1-1.src.rpm
2026-01-02 03:04:10,750 - Start: Outputting list of installed packages
2026-01-02 03:04:10,850 - Finish: Outputting list of installed packages
2026-01-02 03:04:12,850 - Finish: rpmbuild greet-1-1.src.rpm
2026-01-02 03:04:12,850 - Finish: build phase for greet-1-1.src.rpm
"""


def test_mock() -> None:
    found = phases.of_mock(4.5, 0.5, 4.0, STATE_LOG)
    expected = dict.fromkeys(phases.PHASES, 0.0)
    expected |= {"install": 3.0, "start": 2.0, "srpm": 0.75, "rpmbuild": 2.0, "other": 1.25}
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(9.0)
