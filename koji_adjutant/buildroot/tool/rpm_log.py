"""What rpm says during a transaction: passed on as it comes, and read for what rpm takes too lightly."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import rpm

NOT_STARTED = re.compile(rb"failed to exec scriptlet interpreter \S+: (?P<reason>.+)")
NOT_THERE = b"No such file or directory"


class RpmLog:
    """rpm's log, a file while this is open; ``not_started`` are its lines about scriptlets that were not run.

    rpm only warns of most scriptlets that fail, whatever the reason, and so does dnf. A scriptlet that this
    container does not let start is another matter: the root would look well, and its triggers have never
    run. Where a package names an interpreter that is not there, though, that is so under mock as well.
    """

    def __init__(self, path: Path) -> None:
        self.not_started: list[str] = []
        self._path = path

    def __enter__(self) -> RpmLog:
        self._writing: BinaryIO = self._path.open("wb", buffering=0)
        self._reading: BinaryIO = self._path.open("rb")
        rpm.setLogFile(self._writing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rpm.setLogFile(sys.stderr)
        self.pass_on()
        self._reading.close()
        self._writing.close()

    def pass_on(self) -> None:
        """Print what has come since the last time, and look for scriptlets that were not run."""
        for line in self._reading.readlines():
            sys.stdout.buffer.write(line)
            found = NOT_STARTED.search(line)
            if found and found["reason"] != NOT_THERE:
                self.not_started.append(found[0].decode("utf-8", "replace"))
        sys.stdout.buffer.flush()
