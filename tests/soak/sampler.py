"""What could grow on a worker's machine, looked at while it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from koji_adjutant.buildroot.files.disk_use import disk_use
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.daemon.monitoring import UNMERGED_WHEN_BUSY, UNMERGED_WHEN_IDLE
from koji_adjutant.monitoring import database
from tests.faults.victims import Victims
from tests.hub.farm import Farm
from tests.soak.growth import Sample, growth, settled, slope
from tests.support import processes
from tests.support.waiting import until

MEBIBYTE = 1 << 20
WAVE = 8
"""Tasks at a time: one more or less of something may be under way for each of them."""
JOURNAL_PER_TASK = 64 << 10
"""Bytes: the journal remembers tasks, and is pruned by age alone."""
ENDED_COMMANDS = "exec monitors"
"""podman wants conmon to stay for a minute after a command's end: as many as commands end in a minute."""


@dataclass(frozen=True)
class Bound:
    """By how much something may grow from the first quarter of the builds to the last one, and why at all."""

    most: float
    why: str
    unit: int = 1
    """What figures are printed in."""


BOUNDS = {
    "containers": Bound(WAVE, "those of the tasks under way"),
    "processes": Bound(4 * WAVE, "those of the tasks under way, a handful each"),
    "mounts": Bound(2 * WAVE, "those of the tasks under way, two or so each"),
    "worker's files": Bound(4, "a pipe, a connection"),
    "server's files": Bound(4, "a connection"),
    "podman's files": Bound(4 * WAVE, "connections and pipes of the tasks under way"),
    "worker's memory": Bound(8 * MEBIBYTE, "what Python's allocator keeps", MEBIBYTE),
    "server's memory": Bound(8 * MEBIBYTE, "what Python's allocator keeps", MEBIBYTE),
    "podman's memory": Bound(32 * MEBIBYTE, "Go collects when it has doubled", MEBIBYTE),
    "work directories": Bound(WAVE * 8 * MEBIBYTE, "sources of the tasks under way", MEBIBYTE),
    "state directory": Bound(
        8 * MEBIBYTE, "the store is warm; records of the containers under way", MEBIBYTE
    ),
    "unmerged journal": Bound(UNMERGED_WHEN_BUSY, "it is merged when it is that long", MEBIBYTE),
}


@dataclass
class Sampler:
    """Of a farm's worker; ``samples`` are filled by ``look``."""

    farm: Farm
    victims: Victims
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def look(self, done: int) -> dict[str, float]:
        """Take a sample of everything."""
        values = self._values()
        for name, value in values.items():
            self.samples.setdefault(name, []).append(Sample(done, value))
        return values

    def _values(self) -> dict[str, float]:
        farm, worker = self.farm, self.victims.worker()
        engine = processes.naming(f"{farm.state}/containers/storage")
        waiting = processes.naming("--exec-attach") & engine
        tree = processes.with_descendants({worker, *engine} - waiting)
        service = processes.oldest(self.victims.service())
        server = processes.oldest(processes.naming("koji_adjutant.daemon.http_process") & tree)
        containers = farm.engine.list_containers({f"{LABEL_PREFIX}worker_id": self.victims.worker_id})
        journal = database.path_in(farm.state)
        work, state = disk_use([farm.directory / "work", farm.state])
        sizes = [_size(journal.with_name(journal.name + suffix)) for suffix in database.SUFFIXES]
        return {
            "containers": len(containers),
            "processes": len(tree),
            ENDED_COMMANDS: len(waiting),
            "mounts": _mounts(farm.directory / "work", farm.state),
            "worker's files": processes.open_files(worker),
            "server's files": processes.open_files(server),
            "podman's files": processes.open_files(service),
            "worker's memory": processes.memory(worker),
            "server's memory": processes.memory(server),
            "podman's memory": processes.memory(service),
            "work directories": work,
            "state directory": state - sum(sizes),
            "unmerged journal": database.unmerged_bytes(journal),
            "journal": sizes[0],
        }

    def until_merged(self) -> None:
        """Wait until the idle worker has brought the journal on disk: its length then says what it takes."""
        journal = database.path_in(self.farm.state)
        until(lambda: database.unmerged_bytes(journal) <= UNMERGED_WHEN_IDLE, "the journal is merged")

    def table(self) -> list[str]:
        """Return a line for each thing: least, most, growth with a hundred builds, what is allowed."""
        lines = [f"{'':18}{'least':>10}{'most':>10}{'per 100':>10}{'growth':>10}{'at most':>10}"]
        for name, samples in self.samples.items():
            bound = BOUNDS.get(name)
            unit = bound.unit if bound else 1
            values, later = [sample.value for sample in samples], settled(samples)
            figures = [min(values), max(values), 100 * slope(later), growth(later)]
            columns = "".join(f"{figure / unit:10.2f}" for figure in figures)
            most = f"{bound.most / unit:10.2f}{' MiB' if unit == MEBIBYTE else ''}" if bound else ""
            lines.append(f"{name:18}{columns}{most}")
        return lines

    def assert_no_growth(self) -> None:
        too_much = [
            f"{name}: {grown / bound.unit:.1f}, at most {bound.most / bound.unit:.1f} ({bound.why})"
            for name, bound in BOUNDS.items()
            if (grown := growth(settled(self.samples[name]))) > bound.most
        ]
        first, last = self.samples["journal"][0], self.samples["journal"][-1]
        if last.value - first.value > JOURNAL_PER_TASK * last.done:
            too_much.append(f"journal: {last.value - first.value:.0f} bytes in {last.done} tasks")
        longest = max(sample.value for sample in self.samples["unmerged journal"])
        if longest > 2 * UNMERGED_WHEN_BUSY:
            too_much.append(f"unmerged journal: once {longest:.0f} bytes")
        assert not too_much, "\n".join(["has grown:", *too_much, *self.table()])


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _mounts(*directories: Path) -> int:
    below = tuple(f"{directory}/" for directory in directories)
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    return sum(line.split()[4].startswith(below) for line in lines)
