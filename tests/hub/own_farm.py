"""A farm for one module's tests, with a hub of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.container.interface import ContainerManager
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.hub.farm import Farm, run_farm
from tests.hub.own_devhub import own_devhub


@contextmanager
def own_farm(directory: Path, engine: ContainerManager, state: Path, image: str) -> Iterator[Farm]:
    """Run a devhub, and a worker that builds from the test distribution, in ``directory``."""
    for name in ("hub", "farm"):
        (directory / name).mkdir()
    with own_devhub(directory / "hub") as hub:
        admin = hub.connect(hub.admin)
        distribution = build_distribution(default_output())
        with run_farm(hub, admin, directory / "farm", engine, state, image, distribution) as farm:
            yield farm
        admin.logout()
