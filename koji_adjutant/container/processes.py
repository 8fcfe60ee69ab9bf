"""Killing a running container's processes, all of them or those of one command.

Where the engine runs on this machine its containers' processes are visible in /proc. An exec'd command leads
a session of its own: it, its session and its descendants are killed, for which libpod has no call. It has one
for the whole container, but sends that signal through the runtime, which takes longer than all the rest of
removing a container.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
REAPED_SECONDS = 1.0
"""For how long a killed container's monitor may take to notice."""


class Process(NamedTuple):
    pid: int
    parent: int
    session: int
    stopped: bool


def _processes() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The second field, the command in parentheses, may hold anything: look behind the last one.
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] not in (b"Z", b"X"):  # dead, kept only because nobody asked how it ended
                stopped = fields[0] in (b"T", b"t")  # by a signal, or by a debugger
                yield Process(int(entry.name), int(fields[1]), int(fields[3]), stopped)


def _belongs(pid: int, container: str) -> bool:
    """Return whether the process is one of the container's, by its control group.

    Never kill on a mere number.
    """
    try:
        return container in (PROC / str(pid) / "cgroup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_stopped(leader: int, container: str) -> bool:
    """Return whether ``leader``, a command's pid on this machine, is stopped, and so are its children.

    A stopped leader whose child still runs is not looked at: something may be about to continue it.
    ``container`` is the full id. False if ``leader`` is not to be seen here.
    """
    if not _belongs(leader, container):
        return False
    seen = list(_processes())
    return any(p.pid == leader and p.stopped for p in seen) and all(
        p.stopped for p in seen if p.parent == leader
    )


def kill_command(leader: int, container: str) -> bool:
    """Kill the command that ``leader``, a pid of this machine, leads, with all that it has started.

    ``container`` is the full id. Returns False if ``leader`` is not to be seen here. All are stopped before
    the first is killed: what is still forking would leave children behind that nothing ties to it any more.
    """
    if not _belongs(leader, container):
        return False
    family = {leader}
    stopped: set[int] = set()
    while True:
        seen = list(_processes())
        grown = True
        while grown:
            before = len(family)
            family |= {p.pid for p in seen if p.session == leader or p.parent in family}
            grown = len(family) > before
        alive = [p.pid for p in seen if p.pid in family and _belongs(p.pid, container)]
        if not alive:
            return True
        number = signal.SIGKILL if stopped.issuperset(alive) else signal.SIGSTOP
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        stopped.update(alive)


def kill_container(first: int, container: str) -> bool:
    """Kill all of a container by its first process, with which the kernel ends all others.

    ``first`` is its pid on this machine, ``container`` the full id. Until its monitor has noticed, the engine
    would try to kill it once more, and fail. Returns False, with nothing done, where the process is not to be
    seen, or not ours.
    """
    if not _belongs(first, container):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + REAPED_SECONDS
        while _belongs(first, container) and time.monotonic() < deadline:
            time.sleep(0.001)
    return True
