"""How much of the disk directories take that packagers' code has made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

BLOCK = 1024


def disk_use(
    directories: Sequence[Path], started: Callable[[subprocess.Popen[bytes]], None] = lambda _process: None
) -> list[int]:
    """Return the bytes on disk of each directory; one that is not there has none.

    A file with several names counts once, what is mounted below a directory not at all, and no link is
    followed. du(1) does it, which is at home in trees that change, or are deeper than a path may be long.
    ``started`` is called with its process: who kills that has an answer soon, which is of no use.
    """
    there = [directory for directory in directories if directory.is_dir()]
    if not there:
        return [0] * len(directories)
    command = ["du", "--summarize", "--one-file-system", f"--block-size={BLOCK}", "--null", "--"]
    with subprocess.Popen(
        [*command, *map(str, there)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # files that go away meanwhile
    ) as process:
        started(process)
        output, _ = process.communicate()
    used = {}
    for line in output.split(b"\0"):
        count, _, name = line.partition(b"\t")
        if name:
            used[os.fsdecode(name)] = int(count) * BLOCK
    return [used.get(str(directory), 0) for directory in directories]


def free_space(directory: Path) -> int:
    """Return how many bytes programs may still write to the file system of ``directory``."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize
