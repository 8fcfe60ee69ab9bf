"""``make matrix``: run the project on every host that can be stood in for, and write down how it went."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.matrix import results, steps
from tests.matrix.platforms import PLATFORMS, Platform
from tests.matrix.results import Finding
from tests.matrix.stand_in import PROJECT, StandIn, entered, make_root
from tests.matrix.steps import Outcome

PROGRAMS = {
    "podman": "podman",
    "rpm": "rpm",
    "dnf": "dnf",
    "dnf5": "python3-libdnf5",
    "createrepo_c": "createrepo-c",
    "Python": "python3",
}
"""Debian's packages of the programs whose versions are shown."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("--place", type=Path, default=default_place(), help="where roots and logs are kept")
    parser.add_argument("--only", nargs="*", metavar="HOST", choices=[each.name for each in PLATFORMS])
    parser.add_argument("--steps", nargs="*", metavar="STEP", choices=[each.name for each in steps.STEPS])
    options = parser.parse_args()
    passed = True
    for platform in PLATFORMS:
        if options.only is None or platform.name in options.only:
            passed = _on(platform, options.place, options.steps) and passed
    return 0 if passed else 1


def _on(platform: Platform, place: Path, only: list[str] | None) -> bool:
    root = place / platform.root
    when = f"{datetime.datetime.now(datetime.UTC).date().isoformat()}, {_commit()}"
    make_root(platform.suite, root)
    passed = True
    with entered(root, platform.control_groups) as stand_in:
        for step in steps.wanted(platform):
            if only is None or step.name in only:
                log = place / f"{platform.name.replace(', ', '-').replace(' ', '-')}.{step.name}.log"
                print(f"{platform.name}: {step.name} … (log: {log})", flush=True)
                outcome = steps.run(step, platform, stand_in, log, when)
                print(f"{platform.name}: {step.name}: {outcome}", flush=True)
                _note(platform, _versions(platform, stand_in), {step.name: outcome})
                passed = passed and outcome.passed
    return passed


def _note(platform: Platform, versions: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> None:
    """Save at once: the steps of a host take an hour, and what was found must not depend on the last one."""
    found = results.load()
    earlier = found[platform.name].steps if platform.name in found else {}
    found[platform.name] = Finding(versions, {**earlier, **outcomes})
    results.save({each.name: found[each.name] for each in PLATFORMS if each.name in found})


def _commit() -> str:
    command = ["git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _versions(platform: Platform, stand_in: StandIn) -> dict[str, str]:
    """Upstream's versions, without Debian's additions."""
    packages = {**PROGRAMS, platform.runtime: platform.runtime}
    if platform.dnf5_only:
        del packages["dnf"]
    installed = {
        name: stand_in.read(["dpkg-query", "-W", "-f", "${Version}", package])
        for name, package in packages.items()
    }
    versions = {name: version.split("-")[0].split("+")[0] for name, version in installed.items() if version}
    versions["runtime"] = f"{platform.runtime} {versions.pop(platform.runtime, '')}".strip()
    return versions


def default_place() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KOJI_ADJUTANT_DEV") or cache / "koji-adjutant") / "hosts"


if __name__ == "__main__":
    sys.exit(main())
