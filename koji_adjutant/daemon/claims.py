"""Which tasks have a process on this machine: each holds a lock for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class TaskClaims:
    """``<state_dir>/running/<task id>``, locked (flock) by the process that does the task.

    Whoever does a task holds its lock exclusively and removes the file in the end; whoever only looks tries
    for a shared one. A process that dies, however it dies, gives up its lock but leaves its file: such a
    claim is *abandoned*, and nobody uses what the task has left on this machine.
    """

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir / "running"

    @contextmanager
    def hold(self, task_id: int) -> Iterator[None]:
        """Hold the task's lock, for the process that does it; wait for an earlier one to end."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(task_id)
        descriptor = _lock_named(path)
        try:
            yield
        finally:
            path.unlink()
            os.close(descriptor)

    def held(self, task_id: int) -> bool:
        """Return whether a process does the task now."""
        try:
            descriptor = os.open(self._path(task_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def abandoned(self) -> list[int]:
        """Return the tasks whose process died before it could tidy up."""
        if not self._directory.is_dir():
            return []
        known = sorted(int(file.name) for file in self._directory.iterdir() if file.name.isdigit())
        return [task_id for task_id in known if not self.held(task_id)]

    def clear(self, task_id: int, tidy_up: Callable[[], None]) -> None:
        """Tidy up after an abandoned task and forget it, unless a process does the task by now.

        One that takes it meanwhile waits: be quick.
        """
        path = self._path(task_id)
        with suppress(FileNotFoundError, BlockingIOError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_named(descriptor, path):
                    tidy_up()
                    path.unlink()
            finally:
                os.close(descriptor)

    def _path(self, task_id: int) -> Path:
        return self._directory / str(task_id)


def _lock_named(path: Path) -> int:
    """Open and lock the file that has this name, made if absent. Returns its descriptor."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_named(descriptor, path):
            return descriptor
        os.close(descriptor)  # removed between our opening and locking it


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
