"""A farm whose worker may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.faults.victims import Victims
from tests.hub.farm import Farm, run_farm
from tests.hub.own_devhub import own_devhub
from tests.integration.conftest import engine, state_dir, tool_image
from tests.support.nothing_left import Machine

__all__ = ["engine", "state_dir", "tool_image"]


@pytest.fixture(scope="package")
def farm(
    tmp_path_factory: pytest.TempPathFactory, engine: PodmanManager, tool_image: str, state_dir: Path
) -> Iterator[Farm]:
    """A hub with one worker, which takes runroot tasks."""
    directory = tmp_path_factory.mktemp("farm")
    with own_devhub(tmp_path_factory.mktemp("hub")) as hub:
        admin = hub.connect(hub.admin)
        admin.addHostToChannel(hub.worker.name, "runroot", create=True)
        distribution = build_distribution(default_output())
        with run_farm(
            hub, admin, directory, engine, state_dir, tool_image, distribution, ends_itself=True
        ) as farm:
            yield farm
        admin.logout()


@pytest.fixture
def machine(farm: Farm, victims: Victims, state_dir: Path) -> Machine:
    """The worker's, as it is before a test."""
    return Machine(farm.engine, victims.worker_id, state_dir, farm.directory / "work").now()


@pytest.fixture(scope="package")
def victims(farm: Farm) -> Iterator[Victims]:
    """The worker's processes, one after the other."""
    victims = Victims(farm)
    yield victims
    victims.stop()
