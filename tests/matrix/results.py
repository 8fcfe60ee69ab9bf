"""What was found on each host, and when: a file that the table in docs/ is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.matrix.steps import STEPS, Outcome

FILE = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "platforms.md"
HEAD = """\
# Where it has been run

Written by `make matrix`, which makes a root of each of these systems on a Debian machine, enters it with
namespaces of its own, and runs there what the README says, as on a fresh machine. Kernel and network are the
machine's. Where that has hybrid control groups, crun sees version 2's alone, without controllers, so that
limits of memory, CPU and processes are not kept there, and the tests of them are skipped.

Debian 12's crun (1.8) cannot install packages for a buildroot: the worker takes runc where podman would take
a crun older than 1.21. Its row "cgroup v2" is such a machine: both are installed, the control groups are
version 2's alone, podman's own choice is crun, and the worker's runc.

What is not in the table was never tried: Fedora and EL as hosts among it, SELinux enforcing, and systemd as
the manager of containers' control groups.

"""


@dataclass(frozen=True)
class Finding:
    """One host's: ``versions`` by program, outcomes by step."""

    versions: Mapping[str, str]
    steps: Mapping[str, Outcome]


def load() -> dict[str, Finding]:
    if not FILE.exists():
        return {}
    return {
        name: Finding(
            each["versions"],
            {step: Outcome(**outcome) for step, outcome in each["steps"].items()},
        )
        for name, each in json.loads(FILE.read_text()).items()
    }


def save(found: Mapping[str, Finding]) -> None:
    """Write the file and the page."""
    document = {name: asdict(each) for name, each in found.items()}
    FILE.write_text(json.dumps(document, indent=1) + "\n")
    PAGE.write_text(page(found))


def page(found: Mapping[str, Finding]) -> str:
    programs = list(dict.fromkeys(program for each in found.values() for program in each.versions))
    heads = ["host", *programs, *(step.title for step in STEPS), "when"]
    rows = [heads, ["---"] * len(heads)]
    for name, each in found.items():
        outcomes = [_cell(each.steps.get(step.name)) for step in STEPS]
        versions = [each.versions.get(program, "none") for program in programs]
        days = sorted({outcome.when for outcome in each.steps.values()})
        rows.append([name, *versions, *outcomes, "; ".join(days)])
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not run"
    mark = "passed" if outcome.passed else "**failed**"
    text = outcome.said or mark
    return f"{text if outcome.passed or not outcome.said else f'{mark}: {text}'} ({outcome.minutes:g} min)"
