"""Several workers on one machine that have nothing in common but the hub."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.podman_service import PodmanService
from tests.faults.victims import Victims
from tests.hub.farm import Farm, run_worker
from tests.hub.server import Login
from tests.support.nothing_left import Machine
from tests.support.ports import reserved_port


@dataclass(frozen=True)
class Worker:
    """``place`` holds all that it has on disk: its state directory too, with an engine of its own."""

    place: Path
    farm: Farm
    victims: Victims

    @property
    def name(self) -> str:
        return self.farm.hub.worker.name

    @property
    def host(self) -> int:
        return int(self.farm.admin.getHost(self.name)["id"])

    @property
    def shared(self) -> Path:
        """What commands of its tasks see as /mnt/shared."""
        return self.farm.directory / "mounted" / "shared"

    def machine(self) -> Machine:
        return Machine(
            self.farm.engine, self.victims.worker_id, self.farm.state, self.farm.directory / "work"
        )


class Images:
    """The tool image of one engine, for others to load."""

    def __init__(self, state: Path, reference: str, archive: Path) -> None:
        podman = PodmanService(state).traits.command_line
        subprocess.run([*podman, "save", "--quiet", "--output", str(archive), reference], check=True)
        self._archive = str(archive)

    def load(self, state: Path) -> None:
        podman = PodmanService(state).traits.command_line
        command = [*podman, "load", "--quiet", "--input", self._archive]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def another_worker(first: Worker, login: Login, images: Images) -> Iterator[Worker]:
    """Run a worker like the first one, as another host of its hub."""
    place = first.place.with_name(login.name)
    directory, state = place / "farm", place / "state"
    directory.mkdir(parents=True)
    with ExitStack() as stack:
        port = stack.enter_context(reserved_port())
        engine = stack.enter_context(open_engine(AdjutantOptions(state_dir=state)))
        images.load(state)
        farm = replace(
            first.farm,
            hub=replace(first.farm.hub, worker=login),
            directory=directory,
            engine=engine,
            state=state,
            dashboard=f"127.0.0.1:{port}",
        )
        stack.enter_context(run_worker(farm, ends_itself=True))
        victims = Victims(farm)
        stack.callback(victims.stop)
        yield Worker(place, farm, victims)
