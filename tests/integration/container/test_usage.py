"""What an observer learns of real containers, and what their control groups say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.cgroups import Usage
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import ContainerSpec, ResourceLimits, UsageMeter, VolumeMount
from koji_adjutant.container.podman_manager import PodmanManager
from tests.integration.container.conftest import MakeSpec

BUSY = "import time\nwhile time.process_time() < 0.5: pass\nblock = b'x' * (64 << 20)"
GREEDY = "block = b'x' * (512 << 20)"
WATCHED = """\
until test -e /shared/started; do sleep 0.01; done
"$@"
code=$?
echo done
until test -e /shared/read; do sleep 0.01; done
exit $code
"""
"""A command whose control groups are there when they are looked for, and go only when they were read."""


class Observer:
    """Notes what it is called with; ``usage`` is what the last container had used when it ended."""

    def __init__(self, shared: Path) -> None:
        self.calls: list[str] = []
        self.usage = Usage()
        self._shared = shared
        self._meters: dict[str, UsageMeter | None] = {}
        self.ids: list[str] = []

    def created(self, container: str, name: str, spec: ContainerSpec) -> None:
        assert name.startswith(f"adjutant-{spec.owner.task_id}-")
        self.ids.append(container)
        self.calls.append("created")

    def started(self, container: str, meter: UsageMeter | None) -> None:
        assert container == self.ids[-1]
        self._meters[container] = meter
        self.calls.append("started")
        (self._shared / "started").touch()

    def exited(self, container: str, exit_code: int | None) -> None:
        meter = self._meters[container]
        assert meter
        self.usage = meter.read()
        self.calls.append(f"exited {exit_code}")

    def removed(self, container: str) -> None:
        assert container in (*self.ids, "no-such-container")
        self.calls.append("removed")

    def write(self, _output: bytes, /) -> None:
        """As the output of a WATCHED command, which is done."""
        meter = self._meters[self.ids[-1]]
        assert meter
        meter.read()
        (self._shared / "read").touch()


@pytest.fixture
def observer(tmp_path: Path) -> Observer:
    return Observer(tmp_path)


@pytest.fixture
def watched(state_dir: Path, observer: Observer) -> Iterator[PodmanManager]:
    with open_engine(AdjutantOptions(state_dir=state_dir), observer=observer) as manager:
        yield manager


@pytest.fixture
def command(spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """``command(words, **fields)``: a spec of a WATCHED command."""
    mount = VolumeMount(tmp_path, PurePosixPath("/shared"))
    return lambda words, **fields: spec(["sh", "-c", WATCHED, "sh", *words], mounts=[mount], **fields)


@pytest.mark.usefixtures("all_controllers")
def test_a_container_that_ends_by_itself(
    watched: PodmanManager, observer: Observer, command: MakeSpec
) -> None:
    """What it had used is known when its control groups are gone."""
    assert watched.run(command(["python3", "-c", BUSY]), observer) == 0
    assert observer.calls == ["created", "started", "exited 0", "removed"]
    assert observer.usage.cpu_seconds
    assert observer.usage.cpu_seconds >= 0.5
    assert observer.usage.memory_peak
    assert observer.usage.memory_peak > 64 << 20
    assert observer.usage.oom_kills == 0


def test_a_container_that_is_removed_while_it_runs(
    watched: PodmanManager, observer: Observer, spec: MakeSpec
) -> None:
    with watched.container(spec(["sleep", "600"])) as container:
        watched.start(container)
        assert watched.exec(container, ["python3", "-c", BUSY], stdout=io.BytesIO()) == 0
    assert observer.calls == ["created", "started", "exited None", "removed"]
    assert observer.usage.cpu_seconds
    assert observer.usage.cpu_seconds >= 0.5


@pytest.mark.usefixtures("all_controllers")
def test_a_process_that_wants_too_much_memory(
    watched: PodmanManager, observer: Observer, command: MakeSpec
) -> None:
    limits = ResourceLimits(memory_bytes=128 << 20)
    assert watched.run(command(["python3", "-c", GREEDY], limits=limits), observer) != 0
    assert observer.usage.oom_kills


def test_a_container_of_somebody_else_s(watched: PodmanManager, observer: Observer) -> None:
    watched.remove("no-such-container")
    assert observer.calls == ["removed"]
