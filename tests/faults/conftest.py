"""A farm whose worker may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.faults.gates import tool_gates
from tests.faults.stand import Stand, serving_packages
from tests.faults.victims import Victims
from tests.hub.farm import Farm, run_farm
from tests.hub.own_devhub import own_devhub
from tests.hub.server import Hub
from tests.integration.conftest import engine, state_dir, tool_image
from tests.support.holding_hub import HoldingHub, holding_hub
from tests.support.nothing_left import Machine

__all__ = ["engine", "state_dir", "tool_image"]


@pytest.fixture(scope="package")
def own_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub for one worker."""
    with own_devhub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="package")
def door(own_hub: Hub) -> Iterator[HoldingHub]:
    """Where the worker speaks to the hub, and may be held."""
    with holding_hub(own_hub.url) as door:
        yield door


@pytest.fixture(scope="package")
def farm(
    tmp_path_factory: pytest.TempPathFactory,
    engine: PodmanManager,
    tool_image: str,
    state_dir: Path,
    own_hub: Hub,
    door: HoldingHub,
) -> Iterator[Farm]:
    """A hub with one worker, which takes runroot tasks, too."""
    directory = tmp_path_factory.mktemp("farm")
    admin = own_hub.connect(own_hub.admin)
    admin.addHostToChannel(own_hub.worker.name, "runroot", create=True)
    with run_farm(
        replace(own_hub, url=door.url),
        admin,
        directory,
        engine,
        state_dir,
        tool_image,
        build_distribution(default_output()),
        ends_itself=True,
        settings=tool_gates(directory / "gates"),
    ) as farm:
        yield farm
    admin.logout()


@pytest.fixture(scope="package")
def package_stand(
    tmp_path_factory: pytest.TempPathFactory, farm: Farm, door: HoldingHub, victims: Victims
) -> Iterator[Stand]:
    """The farm, with all doors open."""
    with serving_packages(tmp_path_factory.mktemp("packages")) as packages:
        yield Stand(farm, door, packages, farm.directory / "gates", victims)


@pytest.fixture
def stand(package_stand: Stand) -> Iterator[Stand]:
    """The farm, with doors that are opened in the end."""
    yield package_stand
    package_stand.open()


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
