"""What is asked of a resolver, and what it answers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

WORK = Path("/work")
ROOT = Path("/buildroot")
CACHE = Path("/cache")
CONFIGURATION = WORK / "dnf.conf"


class UnresolvableError(Exception):
    """The resolver's own words for what is wrong."""


@dataclass(frozen=True)
class Question:
    """/work/request.json; resolve.py says what is in it."""

    groups: list[str]
    packages: list[str]
    requires: list[str]
    releasever: str | None
    forcearch: str | None
    modules: list[tuple[str, str]]
    repositories: list[str]
    package_manager: str

    @classmethod
    def read(cls) -> Question:
        return cls(**json.loads((WORK / "request.json").read_text()))

    def module_commands(self) -> list[tuple[str, list[str]]]:
        """Return (enable | disable | reset | install, ["name:stream", …]) for each module command.

        Each is printed as well.
        """
        commands = []
        for action, names in self.modules:
            specs = [name.strip() for name in names.split(",") if name.strip()]
            say(f"Module {action} {' '.join(specs)}")
            commands.append((action, specs))
        return commands


@dataclass
class Answer:
    """/work/plan.json; resolve.py says what is in it."""

    install: list[dict[str, Any]] = field(default_factory=list)
    erase: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    read: bool = False
    lacking: str | None = None

    @property
    def failed(self) -> bool:
        return bool(self.missing or self.problems or self.lacking)

    def miss(self, wanted: str) -> None:
        """Note that nothing is, or provides, ``wanted``."""
        say(f"No matching package to install: '{wanted}'")
        self.missing.append(wanted)

    def write(self) -> None:
        """Print what is wrong, and write /work/plan.json."""
        for problem in filter(None, [self.lacking, *self.problems]):
            say(f"Error: {problem}")
        (WORK / "plan.json").write_text(json.dumps(asdict(self)))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
