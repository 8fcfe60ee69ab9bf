"""Which task is to give way when a disk is nearly full: tasks find that out among themselves."""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

RECENT_SECONDS = 20.0
"""For so long what a task has said of itself counts, and for so long the others wait for it to say that."""
LEAVING_SECONDS = 120.0
"""For so long the others wait for a task that leaves to delete what it has written."""
LEAVING = "leaving"
SIZE = 128
"""Bytes of a file."""


class Share(NamedTuple):
    """What a task has said: how many bytes it used, when that was, and whether it leaves."""

    used: int
    when: float
    leaving: bool

    @classmethod
    def read(cls, text: str) -> Share:
        """Read a task's file; one that has said nothing yet, or nothing of ours, has said nothing of late."""
        words = text.split()
        try:
            return cls(int(words[0]), float(words[1]), LEAVING in words)
        except (ValueError, IndexError):
            return cls(0, -math.inf, False)


class DiskShares:
    """``<state_dir>/disk/<task id>``: what each running task uses, where disks are nearly full.

    A task holds its file's lock (flock) for as long as it lives, so that of one that was killed only the file
    is left, which counts for nothing. In it are the bytes used, when that was (the monotonic clock, which is
    one for all processes), and ``leaving`` from when the task gives way. ``.lock`` is held by whoever reads
    or writes, so that no two tasks give way at a time.
    """

    def __init__(self, state_dir: Path, task_id: int) -> None:
        self._directory = state_dir / "disk"
        self._name = str(task_id)
        self._since: float | None = None
        self._file = -1

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """Be one of the tasks that are compared, while the block runs.

        If there is no room even in the end, for as long as the process lives, which deletes now what the task
        has written.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / self._name
        with self._locked():
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._write("")
            list(self._others())  # removes what killed tasks have left
        try:
            yield
        finally:
            with self._locked():
                if self._since is None:
                    path.unlink(missing_ok=True)
                    os.close(self._file)
                else:
                    self._say(0, LEAVING)

    def enough(self) -> None:
        """Note that there is enough room: the next time that there is not begins anew."""
        self._since = None

    def must_give_way(self, used: int, lacking: int) -> bool:
        """Say what this task uses while there is not enough room, and return whether it is to give way.

        It is if it uses as much as is ``lacking``, no other uses more, and none leaves already. To be asked
        again while room is lacking.
        """
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        with self._locked():
            self._say(used)
            others = list(self._others())
            recent = [one for one in others if now - one.when < RECENT_SECONDS]
            if used < lacking or any(one.leaving and now - one.when < LEAVING_SECONDS for one in others):
                return False
            if len(recent) < len(others) and now - self._since < RECENT_SECONDS:
                return False
            if any(one.used > used for one in recent):
                return False
            self._say(used, LEAVING)
            return True

    def _say(self, used: int, leaving: str = "") -> None:
        self._write(f"{used} {time.monotonic()} {leaving}")

    def _write(self, text: str) -> None:
        """Write over what is in the file, always as many bytes: that takes no room on a disk that is full."""
        os.pwrite(self._file, text.ljust(SIZE).encode(), 0)

    def _others(self) -> Iterator[Share]:
        """Yield what each other task that is alive has said last; remove the files of the dead."""
        for path in self._directory.iterdir():
            if not path.name.isdigit() or path.name == self._name:
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                yield Share.read(path.read_text(errors="replace"))
            finally:
                os.close(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
