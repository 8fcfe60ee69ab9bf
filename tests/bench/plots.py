"""Results as a picture: what each build's time went into, and what happens when several run at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tests.bench.contender import CONTENDERS
from tests.bench.phases import PHASES
from tests.bench.results import Results, phase_seconds
from tests.bench.statistics import p50

_PALETTE = "#4477aa #66ccee #228833 #ccbb44 #dd8855 #ee6677 #aa3377 #888888 #dddddd"
_COLOURS = dict(zip(PHASES, _PALETTE.split(), strict=True))


def draw(results: Results, path: Path) -> list[Path]:
    """Write ``path`` with .png and .svg."""
    places = [(root, package) for root in results.roots for package in results.packages(root)]
    count = len(places) + bool(results.rounds) + bool(results.repos)
    figure = Figure(figsize=(11, 1.2 + 2.1 * count), layout="constrained")
    axes = list(figure.subplots(count, 1, squeeze=False)[:, 0])
    for (root, package), panel in zip(places, axes, strict=False):
        _builds(panel, results, root, package)
    rest = axes[len(places) :]
    if results.rounds:
        _parallel(rest.pop(0), results)
    if results.repos:
        _createrepo(rest.pop(0), results)
    names = list(PHASES)
    handles = [axes[0].barh([0], [0], color=_COLOURS[name]) for name in names]
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(names), fontsize="small", frameon=False
    )
    written = [path.with_suffix(suffix) for suffix in (".png", ".svg")]
    for file in written:
        figure.savefig(file, dpi=150)
    return written


def _builds(axes: Any, results: Results, root: str, package: str) -> None:
    """One bar for each contender, made of its phases' medians."""
    axes.set_title(f"{package}, root “{root}”: seconds", loc="left", fontsize="medium")
    for name in reversed(CONTENDERS):
        left = 0.0
        for phase, colour in _COLOURS.items():
            values = results.values(phase_seconds(phase), name, package, root)
            width = max(0.0, p50(values)) if values else 0.0
            axes.barh(name, width, left=left, color=colour, height=0.75)
            left += width
        total = results.values(lambda build: build.seconds, name, package, root)
        axes.text(
            left, name, f" {p50(total):.2f}" if total else " not measured", va="center", fontsize="small"
        )
    _plain(axes)


def _parallel(axes: Any, results: Results) -> None:
    axes.set_title("Cached builds at once: seconds until all are done", loc="left", fontsize="medium")
    kinds = list(dict.fromkeys((one.package, one.jobs, one.contender) for one in results.rounds))
    for kind in reversed(kinds):
        rounds = [one for one in results.rounds if (one.package, one.jobs, one.contender) == kind]
        package, jobs, contender = kind
        name = f"{jobs} {package}, {contender}"
        seconds = p50([one.seconds for one in rounds])
        axes.barh(name, seconds, color=_COLOURS["start"], height=0.75)
        idle = p50([one.costs.idle for one in rounds])
        axes.text(seconds, name, f" {seconds:.2f}, processors {idle:.0%} idle", va="center", fontsize="small")
    _plain(axes)


def _createrepo(axes: Any, results: Results) -> None:
    title = f"createrepo of {results.repos[0].packages} packages with one change: seconds"
    axes.set_title(title, loc="left", fontsize="medium")
    for name in reversed(list(dict.fromkeys(run.contender for run in results.repos))):
        seconds = p50([run.seconds for run in results.repos if run.contender == name])
        axes.barh(name, seconds, color=_COLOURS["resolve"], height=0.75)
        axes.text(seconds, name, f" {seconds:.2f}", va="center", fontsize="small")
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
