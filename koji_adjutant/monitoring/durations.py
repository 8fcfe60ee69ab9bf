"""The histograms' buckets, and the few words that phases are counted under."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200)
"""Upper bounds in seconds; one more bucket takes what is longer."""

STAGES = {
    "chroot init": "init",
    "installing minimal buildroot": "compose",
    "checkout": "checkout",
    "source command": "sources",
    "buildsrpm": "srpm",
    "rebuild srpm": "srpm",
    "rpmbuild -bs": "srpm-build",
    "build phase": "build",
    "build setup": "setup",
    "rpmbuild": "rpmbuild",
    "Outputting list of installed packages": "listing",
    "createrepo": "createrepo",
}
"""How phases' names begin, longer beginnings before shorter ones."""


def bucket(seconds: float) -> int:
    return bisect_left(BOUNDS, seconds)


def stage(phase: str) -> str:
    """Return the word for a phase, whose name may hold a package's: metrics must not grow with packages."""
    return next((word for beginning, word in STAGES.items() if phase.startswith(beginning)), "other")
