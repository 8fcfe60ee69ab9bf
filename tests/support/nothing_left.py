"""That nothing is left on a machine of what a worker did, whatever was killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager
from tests.support.processes import defunct_children
from tests.support.waiting import until

STAYING = {"service", "--exec-attach"}
"""Arguments of podman's service, and of conmon for an exec."""


@dataclass(frozen=True)
class Machine:
    """Where one worker works, and what was there before and is somebody else's.

    Other workers, with engines of their own, may be at work on the machine; containers of this one's engine
    that are not the worker's are others', with all that belongs to them.
    """

    engine: ContainerManager
    worker_id: str
    state_dir: Path
    workdir: Path
    earlier: frozenset[str] = frozenset()

    def now(self) -> Machine:
        """Return the machine with all that is there now taken for somebody else's."""
        return replace(self, earlier=frozenset(self._found()))

    def left(self) -> list[str]:
        """Return what is there, a line each."""
        return sorted(set(self._found()) - self.earlier)

    def assert_nothing_left(self) -> None:
        """Wait until nothing is left. AssertionError says what is, if that does not happen."""
        try:
            until(lambda: not self.left(), "nothing is left")
        except AssertionError as late:
            raise AssertionError("\n".join(["is left:", *self.left()])) from late

    def _found(self) -> Iterator[str]:
        containers = self.engine.list_containers({})
        own = [each for each in containers if each.labels.get(f"{LABEL_PREFIX}worker_id") == self.worker_id]
        yield from (f"container {container.name}" for container in own)
        others = {container.id for container in containers} - {container.id for container in own}
        yield from (f"mount {path}" for path in self._mounts() if not others.intersection(path.split("/")))
        yield from (f"process {pid}: {' '.join(words)[:200]}" for pid, words in self._processes(others))
        for pattern in ("tasks/*/*", "idle-*"):
            yield from (f"directory {path}" for path in self.workdir.glob(pattern))
        yield from (f"claim {path.name}" for path in (self.state_dir / "running").glob("*"))
        for pattern in ("roots/staging/*", "roots/trash/*", "packages/*.part", "packages/*.held", "work/*"):
            yield from (f"unfinished {path}" for path in self.state_dir.glob(pattern))

    def _mounts(self) -> list[str]:
        """Return mounts of tasks, and of containers' own files."""
        below = (f"{self.workdir}/", f"{self.state_dir}/containers/storage/overlay-containers/")
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
        return [line.split()[4] for line in lines if line.split()[4].startswith(below)]

    def _processes(self, others: set[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield what runs in the worker's containers, and what watches them: conmon, the runtime, podman.

        conmon stays for a minute after an exec's end, as podman wants it: somebody may ask for its exit code.
        """
        storage, here = f"{self.state_dir}/containers/storage", Path("/proc/self/ns/mnt").readlink()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if not entry.name.isdigit():
                    continue
                words = (entry / "cmdline").read_text(errors="replace").rstrip("\0").split("\0")
                watches = storage in words and not others.union(STAYING).intersection(words)
                if watches or (
                    (entry / "ns/mnt").readlink() != here
                    and str(self.workdir.parent) in (entry / "mountinfo").read_text(errors="replace")
                ):
                    yield int(entry.name), words


def assert_no_defunct_children(pid: int) -> None:
    """Wait until the process has no child that has ended and that it has not asked for."""
    until(lambda: not defunct_children(pid), f"process {pid} asks how its children ended")
