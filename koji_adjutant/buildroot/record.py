"""What lets a person see what was done and do it again: container.log, buildroot-init.sh, hw_info.log."""

from __future__ import annotations

import logging
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.container.interface import Owner

WAIT = ("/bin/bash", "-c", "while :; do sleep 86400 & wait $!; [ $? -ne 127 ] || exit 127; done")
"""A buildroot's PID 1: waits, and reaps what builds leave behind (bash does so by itself). 127 is a root
without sleep."""

_SCRIPT_HEAD = """\
#!/bin/bash
# What was done for this buildroot, in order: overlays, each with a directory of its own for what is written;
# containers that resolve and install packages (unless that was in the cache); a shell in the buildroot each
# time that a container was started for the build. As root, and while the directories are there that it uses.
set -ex
scratch=$(mktemp -d /var/tmp/buildroot-XXXXXX)
trap 'umount "$scratch"/*/merged; rm -rf "$scratch"' EXIT
"""


_FORMAT = logging.Formatter("%(asctime)s - %(message)s")


def note(logs: Iterable[Path], message: str) -> None:
    """Append a line of our own to logs, in the form of container.log's."""
    line = _FORMAT.format(logging.makeLogRecord({"msg": message}))
    for path in logs:
        with path.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"{line}\n")


class _PodmanLines(logging.Handler):
    """Takes the lines that the container manager logs for one task."""

    def __init__(self, owner: Owner, log: Path, script: Path | None) -> None:
        super().__init__(logging.INFO)
        self._owner = owner
        self._log = log
        self._script = script
        self._overlays: list[Path] = []
        self.setFormatter(_FORMAT)

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "task_id", None) != self._owner.task_id:
            return
        with self._log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(self.format(record) + "\n")
        if self._script is not None:
            with self._script.open("a", encoding="utf-8", errors="replace") as script:
                script.write(f"\n{self._again(record)}\n")

    def _again(self, record: logging.LogRecord) -> str:
        """The record's line for the script: overlays have other places for what is written than the task
        had."""
        line = str(getattr(record, "podman_line", ""))
        overlay = getattr(record, "overlay", None)
        if isinstance(overlay, Overlay):
            self._overlays.append(overlay.scratch)
            line = f"mkdir -p {overlay.upper} {overlay.work} {overlay.merged}\n{line}"
        for number, scratch in enumerate(self._overlays, 1):
            line = line.replace(str(scratch), f'"$scratch"/{number}')
        return _with_a_shell(line)


def _with_a_shell(line: str) -> str:
    """A line that would start a buildroot's PID 1, made to start a shell."""
    waiting = shlex.join(WAIT)
    if not line.endswith(waiting):
        return line
    return line.removesuffix(waiting).replace(" run --rm ", " run --rm -it ", 1) + "/bin/bash --login"


@contextmanager
def recording(owner: Owner, resultdir: Path, script: str | None = None) -> Iterator[None]:
    """Write container.log, and perhaps a script, in ``resultdir`` while containers of ``owner`` start."""
    path = None if script is None else resultdir / script
    if path is not None and not path.exists():
        path.write_text(_SCRIPT_HEAD)
        path.chmod(0o755)
    handler = _PodmanLines(owner, resultdir / "container.log", path)
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
    started = [(title, command[0], _start(command)) for title, command in sections]
    with path.open("w", encoding="utf-8") as log:
        for title, program, process in started:
            said = process.communicate()[0] if process else f"{program} is not installed\n"
            log.write(f"{title}:\n{said}\n\n")


def _start(command: Sequence[str]) -> subprocess.Popen[str] | None:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        return None
