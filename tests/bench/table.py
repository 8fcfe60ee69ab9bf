"""Results as text: Markdown, with the ratios first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.bench.contender import CONTENDERS
from tests.bench.phases import PHASES
from tests.bench.ratios import RATIOS, Aim, aims, ratios
from tests.bench.results import Figure, Results, Run, phase_seconds
from tests.bench.statistics import p50, p95

_MEGABYTE = 1e6


def table(results: Results) -> str:
    """The whole report."""
    return "\n".join(
        [
            f"# Benchmark of {results.started}{', quick' if results.quick else ''}",
            "",
            *(f"- {note}" for note in results.notes),
            "",
            *_machine(results),
            "",
            "## Aims",
            "",
            *_rows(("", "measured", "at most", ""), map(_aim, aims(results))),
            "",
            "## Ratios: ours by theirs",
            "",
            *_rows(("", "", ""), _ratios(ratios(results))),
            "",
            *_builds(results),
            *_mass(results),
            *_parallel(results),
            *_createrepo(results),
        ]
    )


def _machine(results: Results) -> Iterator[str]:
    machine = results.machine
    yield (
        f"{machine['processors']} processors ({machine['processor']}), {machine['system']}, kernel "
        f"{machine['kernel']}, file system {machine['file_system']}."
    )
    for name, size in results.roots.items():
        yield f"Root `{name}`: {size['packages']} packages, {size['bytes'] / _MEGABYTE:.0f} MB."


def _aim(aim: Aim) -> Sequence[str]:
    if aim.value is None:
        return aim.name, "not measured", _figure(aim.limit, aim.unit), ""
    verdict = "met" if aim.met else f"missed by {aim.value / aim.limit - 1:.0%}"
    return aim.name, _figure(aim.value, aim.unit), _figure(aim.limit, aim.unit), verdict


def _figure(value: float, unit: str) -> str:
    return f"{value:.3f}{' ' if unit else ''}{unit}"


def _ratios(found: Mapping[str, float | None]) -> Iterator[Sequence[str]]:
    for name, value in found.items():
        yield f"`{name}`", "not measured" if value is None else f"{value:.3f}", RATIOS[name]


def _builds(results: Results) -> Iterator[str]:
    for root in results.roots:
        for package in results.packages(root):
            runs = [run for run in results.runs if (run.root, run.package) == (root, package)]
            yield f"## {package}, root `{root}`"
            yield ""
            yield "Seconds, p50 / p95; bytes and memory are medians."
            yield ""
            head = ("", *CONTENDERS)
            yield from _rows(head, _build_rows(runs))
            yield ""


def _build_rows(runs: Sequence[Run]) -> Iterator[Sequence[str]]:
    def row(title: str, figure: Figure) -> Sequence[str]:
        return title, *(_pair(_values(runs, name, figure)) for name in CONTENDERS)

    yield row("**whole build**", lambda build: build.seconds)
    yield row("root ready", lambda build: build.ready)
    yield row("first line of rpmbuild", lambda build: build.first_line)
    for phase in PHASES:
        yield row(phase, phase_seconds(phase))
    for title, cost in (("MB written", "written"), ("MB of memory", "memory")):
        cells = []
        for name in CONTENDERS:
            values = [getattr(run.costs, cost) / _MEGABYTE for run in runs if run.contender == name]
            cells.append(f"{p50(values):.0f}" if values else "")
        yield title, *cells
    yield "runs", *(str(sum(run.contender == name for run in runs) or "") for name in CONTENDERS)


def _values(runs: Sequence[Run], contender: str, figure: Figure) -> list[float]:
    values = [figure(run.build) for run in runs if run.contender == contender]
    return [value for value in values if value is not None]


def _pair(values: Sequence[float]) -> str:
    return f"{p50(values):.2f} / {p95(values):.2f}" if values else ""


def _mass(results: Results) -> Iterator[str]:
    if not results.mass:
        return
    yield "## A mass rebuild: packages whose BuildRequires were never installed before"
    yield ""
    yield "Seconds of each package, with more to install from one to the next, and of all."
    yield ""
    count = len(results.mass[0].seconds)
    rows = (
        (run.contender, *(f"{one:.2f}" for one in run.seconds), f"{sum(run.seconds):.2f}")
        for run in results.mass
    )
    yield from _rows(("", *(str(number + 1) for number in range(count)), "all"), rows)
    yield ""


def _parallel(results: Results) -> Iterator[str]:
    if not results.rounds:
        return
    yield "## Cached builds at once"
    yield ""
    head = ("", "at once", "by", "whole round, s", "one build, s", "processors idle")
    yield from _rows(head, _parallel_rows(results))
    yield ""


def _parallel_rows(results: Results) -> Iterator[Sequence[str]]:
    for kind in dict.fromkeys((one.package, one.jobs, one.contender) for one in results.rounds):
        rounds = [one for one in results.rounds if (one.package, one.jobs, one.contender) == kind]
        package, jobs, contender = kind
        yield (
            package,
            str(jobs),
            contender,
            _pair([one.seconds for one in rounds]),
            _pair([build.seconds for one in rounds for build in one.builds]),
            f"{p50([one.costs.idle for one in rounds]):.0%}",
        )


def _createrepo(results: Results) -> Iterator[str]:
    if not results.repos:
        return
    yield f"## createrepo of {results.repos[0].packages} packages with one change"
    yield ""
    names = dict.fromkeys(run.contender for run in results.repos)
    yield from _rows(
        ("", "seconds"),
        ((name, _pair([run.seconds for run in results.repos if run.contender == name])) for name in names),
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
