"""What lets a person see what was done and do it again: container.log, buildroot-init.sh, hw_info.log."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.container.interface import Owner

_SCRIPT_HEAD = """\
#!/bin/bash
# The containers of this buildroot, in order, as they were started. Each line works when it is pasted while
# the directories that it mounts are there; the first two fill a new root, the last one is the buildroot.
set -ex
"""


class _PodmanLines(logging.Handler):
    """Takes the lines that the container manager logs for one task."""

    def __init__(self, owner: Owner, log: Path, script: Path) -> None:
        super().__init__(logging.INFO)
        self._owner = owner
        self._log = log
        self._script = script
        self.setFormatter(logging.Formatter("%(asctime)s - %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "task_id", None) != self._owner.task_id:
            return
        with self._log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(self.format(record) + "\n")
        with self._script.open("a", encoding="utf-8", errors="replace") as script:
            script.write(f"\n{getattr(record, 'podman_line', '')}\n")


@contextmanager
def recording(owner: Owner, resultdir: Path) -> Iterator[None]:
    """Write container.log and buildroot-init.sh in ``resultdir`` while containers of ``owner`` start."""
    script = resultdir / "buildroot-init.sh"
    if not script.exists():
        script.write_text(_SCRIPT_HEAD)
        script.chmod(0o755)
    handler = _PodmanLines(owner, resultdir / "container.log", script)
    logger = logging.getLogger("koji_adjutant.container")
    level = logger.level
    logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def write_hw_info(path: Path, storage: Sequence[Path]) -> None:
    """What mock's hw_info plugin writes: the machine that the build runs on."""
    sections = (
        ("Kernel", ["uname", "-a"]),
        ("CPU info", ["lscpu"]),
        ("Memory", ["free", "--human"]),
        ("Storage", ["df", "-H", "-T", *map(str, storage)]),
    )
    with path.open("w", encoding="utf-8") as log:
        for title, command in sections:
            log.write(f"{title}:\n{_output(command)}\n\n")


def _output(command: Sequence[str]) -> str:
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        return f"{command[0]} is not installed\n"
    return result.stdout + result.stderr
