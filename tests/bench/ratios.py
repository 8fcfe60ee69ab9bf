"""The figures that say how good we are: ours by theirs, so that less is better throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.contender import Build
from tests.bench.packages import HEAVY, LONG, SMALL_C
from tests.bench.results import Results
from tests.bench.statistics import p50, p95

RATIOS = {
    "warm_start_vs_mock_init": (
        "Median seconds from the request to a root that commands can run in, its base being in the cache, "
        "by the median seconds of `mock --init`, on the test distribution."
    ),
    "cold_vs_mock_init": "The same with nothing in the cache.",
    "cycle_vs_mock": (
        f"Median seconds of a whole build of {SMALL_C}, everything cached, by those of kojid's three calls "
        "of mock (init, the kernel's version, rebuild), without kojid's own pauses."
    ),
    "cycle_vs_chroot": (
        f"Median seconds of a whole build of {SMALL_C}, everything cached, by those of unpacking and "
        "`rpmbuild -bb` in a bare chroot of the same root."
    ),
    "rpmbuild_vs_chroot": (
        "Median seconds of `rpmbuild -bb`, everything cached, by those in a bare chroot of the same root, "
        f"for {HEAVY}."
    ),
    "rpmbuild_vs_mock": f"The same by mock's `rpmbuild -bb`, for {HEAVY}.",
    "heavy_cycle_vs_chroot": (
        f"Median seconds of a whole build of {HEAVY}, everything cached, by those of unpacking and "
        "`rpmbuild -bb` in a bare chroot of the same root."
    ),
    "mass_vs_mock": (
        "Median seconds of ten packages with ten sets of BuildRequires, one after another, only the base "
        "root in the cache, by those of mock."
    ),
    "mass_again_vs_mock": "The same with what those builds left in the cache.",
    "small8_vs_chroot": (
        f"Median seconds until eight cached builds of {SMALL_C}, begun at once, are done, by those of "
        "unpacking and `rpmbuild -bb` in eight bare chroots at once. Throughput is what this goes into one."
    ),
    "long8_vs_chroot": f"The same for {LONG}.",
    "createrepo_vs_best": (
        "Median seconds of our createrepo of a tag with one change, with createrepo_databases = false, by "
        "those of the bare createrepo_c command with the best options, which make none either."
    ),
    "createrepo_vs_kojid": (
        "The same with our default, databases as a stock builder makes them, by the bare command with "
        "kojid's options."
    ),
}
"""Name → what it means. With fewer or smaller packages in a quick run the meaning is the same."""


def ratios(results: Results) -> dict[str, float | None]:
    """All of RATIOS; None where a contender was missing."""
    values = results.values
    mock_init = values(_ready, "mock")
    return {
        "warm_start_vs_mock_init": _by(values(_ready, "base"), mock_init),
        "cold_vs_mock_init": _by(values(_ready, "cold"), mock_init),
        "cycle_vs_mock": _by(values(_seconds, "all", SMALL_C), values(_seconds, "mock", SMALL_C)),
        "cycle_vs_chroot": _by(values(_seconds, "all", SMALL_C), values(_seconds, "chroot", SMALL_C)),
        "rpmbuild_vs_chroot": _by(values(_rpmbuild, "all", HEAVY), values(_rpmbuild, "chroot", HEAVY)),
        "rpmbuild_vs_mock": _by(values(_rpmbuild, "all", HEAVY), values(_rpmbuild, "mock", HEAVY)),
        "heavy_cycle_vs_chroot": _by(values(_seconds, "all", HEAVY), values(_seconds, "chroot", HEAVY)),
        "mass_vs_mock": _by(_mass(results, "first"), _mass(results, "mock")),
        "mass_again_vs_mock": _by(_mass(results, "second"), _mass(results, "mock")),
        "small8_vs_chroot": _by(_rounds(results, SMALL_C, "all"), _rounds(results, SMALL_C, "chroot")),
        "long8_vs_chroot": _by(_rounds(results, LONG, "all"), _rounds(results, LONG, "chroot")),
        "createrepo_vs_best": _by(_repos(results, "ours, no databases"), _repos(results, "best")),
        "createrepo_vs_kojid": _by(_repos(results, "ours"), _repos(results, "kojid")),
    }


@dataclass(frozen=True)
class Aim:
    """``value`` is to be at most ``limit``; None if it could not be measured."""

    name: str
    value: float | None
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.value is None else self.value <= self.limit


def aims(results: Results) -> list[Aim]:
    """What was set out to be reached, beside what was."""
    found = ratios(results)
    lines = _first_lines(results)
    cycle, chroot = (results.values(_seconds, name, SMALL_C) for name in ("all", "chroot"))
    inside, bare = (results.values(_rpmbuild, name, SMALL_C) for name in ("all", "chroot"))
    large = [results.values(_ready, name, root="large") for name in ("all", "cold", "mock")]
    return [
        Aim(
            "request to rpmbuild's first line, without -bs, all cached, p95",
            p95(lines) if lines else None,
            1.0,
            "s",
        ),
        Aim("warm_start_vs_mock_init", found["warm_start_vs_mock_init"], 1 / 18),
        Aim("warm_start_vs_mock_init, large root", _by(large[0], large[2]), 1 / 40),
        Aim("cold_vs_mock_init", found["cold_vs_mock_init"], 0.5),
        Aim("cold_vs_mock_init, large root", _by(large[1], large[2]), 1.0),
        Aim("cycle_vs_mock", found["cycle_vs_mock"], 1 / 6),
        Aim("cycle, beyond that of a bare chroot", _less(cycle, chroot), 0.2, "s"),
        Aim("rpmbuild, beyond that of a bare chroot", _less(inside, bare), 0.03, "s"),
        Aim("rpmbuild_vs_chroot", found["rpmbuild_vs_chroot"], 1.02),
        Aim("rpmbuild_vs_mock", found["rpmbuild_vs_mock"], 1.0),
        Aim("heavy_cycle_vs_chroot", found["heavy_cycle_vs_chroot"], 1.05),
        Aim("mass_vs_mock", found["mass_vs_mock"], 1 / 6),
        Aim("mass_again_vs_mock", found["mass_again_vs_mock"], 1 / 14),
        Aim("small8_vs_chroot", found["small8_vs_chroot"], 1 / 0.6),
        Aim("long8_vs_chroot", found["long8_vs_chroot"], 1 / 0.97),
        Aim("createrepo_vs_best", found["createrepo_vs_best"], 1.1),
        Aim("createrepo_vs_kojid", found["createrepo_vs_kojid"], 1.05),
    ]


def _seconds(build: Build) -> float:
    return build.seconds


def _ready(build: Build) -> float | None:
    return build.ready


def _rpmbuild(build: Build) -> float:
    return build.phases["rpmbuild"]


def _first_lines(results: Results) -> Sequence[float]:
    """Of the small package, less what making its source package took."""

    def without_srpm(build: Build) -> float | None:
        return None if build.first_line is None else build.first_line - build.phases["srpm"]

    return results.values(without_srpm, "all", SMALL_C)


def _rounds(results: Results, package: str, contender: str) -> Sequence[float]:
    return [
        one.seconds
        for one in results.rounds
        if (one.package, one.contender, one.jobs) == (package, contender, 8)
    ]


def _mass(results: Results, contender: str) -> Sequence[float]:
    return [sum(run.seconds) for run in results.mass if run.contender == contender]


def _repos(results: Results, contender: str) -> Sequence[float]:
    return [run.seconds for run in results.repos if run.contender == contender]


def _by(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return p50(ours) / p50(theirs) if ours and theirs else None


def _less(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return p50(ours) - p50(theirs) if ours and theirs else None
