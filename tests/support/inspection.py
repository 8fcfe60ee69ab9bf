"""Every container that a test's process, or a fork of it, starts is inspected at once.

A conftest that imports ``inspected`` and ``rules_are_kept`` has it for its tests: one that starts a container
against the rules (container_rules.py) fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.container.connection import RefusedError
from koji_adjutant.container.podman_manager import PodmanManager
from tests.support.container_rules import Grant, violations

WRITABLE_STATE = ("work", "roots/staging")
"""Below the state directory; what is kept for later is nobody's to change."""


@dataclass
class Inspection:
    """``findings`` is a file of lines, for what forks find as well; ``places`` are where tests' files are."""

    findings: Path
    places: list[Path]
    grants: dict[str, Grant] = field(default_factory=dict)
    inspected: int = 0
    _read: int = 0

    def look(self, manager: PodmanManager, details: Mapping[str, Any]) -> None:
        """Write down what is wrong with a container that has been started; ``details`` were asked before.

        One that has ended just now cannot be inspected.
        """
        try:
            given = json.loads(Path(details["StaticDir"], "config.json").read_text())
        except FileNotFoundError:
            return  # somebody has removed it already
        found = violations(
            details,
            given,
            grants=self.grants,
            writable=[*self.places, *_own_places()],
            pids_controller="pids" in manager._host_facts()["cgroupControllers"],
        )
        self.inspected += 1
        if found:
            with self.findings.open("a") as file:
                file.write("".join(f"{line}\n" for line in found))

    def news(self) -> list[str]:
        """What has been found since this was asked last."""
        lines = self.findings.read_text().splitlines() if self.findings.exists() else []
        new, self._read = lines[self._read :], len(lines)
        return new


def _own_places() -> list[Path]:
    """Where tests put what is too large, or too open, for pytest's own directory."""
    return [*Path("/var/tmp").glob("adjutant-test-*"), *Path("/var/tmp").glob("adjutant-scm-*")]


@pytest.fixture(scope="package", autouse=True)
def inspected(tmp_path_factory: pytest.TempPathFactory, state_dir: Path) -> Iterator[Inspection]:
    """Inspects all containers that are started while tests of the package run."""
    base = tmp_path_factory.getbasetemp()
    places = [base, *(state_dir / name for name in WRITABLE_STATE)]
    inspection = Inspection(tmp_path_factory.mktemp("inspection") / "findings", places)
    start, open_root = PodmanManager.start, Buildroot.__init__

    def started(manager: PodmanManager, container: str) -> None:
        details: Mapping[str, Any] = {}
        with suppress(RefusedError):  # there is none: starting it says so
            details = manager._inspect(container)
        start(manager, container)
        if details:
            inspection.look(manager, details)

    def opened(root: Buildroot, *arguments: Any, **options: Any) -> None:
        open_root(root, *arguments, **options)
        privileges = root._privileges
        inspection.grants[str(root.home)] = Grant(
            privileges.capabilities if privileges else frozenset(),
            root.config.network,
            frozenset(map(str, root.config.build_devices)),
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PodmanManager, "start", started)
        patch.setattr(Buildroot, "__init__", opened)
        yield inspection


@pytest.fixture(autouse=True)
def rules_are_kept(inspected: Inspection) -> Iterator[None]:
    """Fails a test that has started a container against the rules."""
    yield
    if found := inspected.news():
        pytest.fail("\n".join(found))
