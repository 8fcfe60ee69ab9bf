"""A farm of one worker that takes eight tasks at once, and figures, which are printed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from tests.faults.victims import Victims
from tests.hub.farm import Farm
from tests.hub.own_farm import own_farm
from tests.integration.conftest import engine, state_dir, tool_image
from tests.soak.figures import FIGURES

__all__ = ["engine", "state_dir", "tool_image"]

ROOMY = 100.0
"""The capacity of a host that maxjobs alone keeps from taking more tasks."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Take lines to be printed when all tests are over."""

    def remember(*lines: str) -> None:
        request.config.stash.setdefault(FIGURES, []).extend([f"{request.node.name}:", *lines, ""])

    return remember


@pytest.fixture(scope="module")
def farm(
    tmp_path_factory: pytest.TempPathFactory, engine: PodmanManager, tool_image: str, state_dir: Path
) -> Iterator[Farm]:
    with own_farm(tmp_path_factory.mktemp("soak"), engine, state_dir, tool_image) as farm:
        farm.admin.editHost(farm.hub.worker.name, capacity=ROOMY)
        yield farm


@pytest.fixture(scope="module")
def victims(farm: Farm) -> Victims:
    """The worker's processes."""
    return Victims(farm)
