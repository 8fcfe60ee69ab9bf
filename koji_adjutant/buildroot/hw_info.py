"""hw_info.log: the machine that a build ran on."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def write_hw_info(path: Path, storage: Sequence[Path]) -> None:
    """Describe this machine in a file, as mock's hw_info plugin does.

    ``storage`` are directories of the file systems to be listed.
    """
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
