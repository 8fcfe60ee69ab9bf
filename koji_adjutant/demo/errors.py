"""How a step of the demo fails: which one, why, and where to look."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.errors import AdjutantError

TAIL_LINES = 15


class DemoError(AdjutantError):
    """A step failed; ``log`` is the file that says more."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log

    def tail(self) -> list[str]:
        """Return the last lines of the log."""
        if self.log is None or not self.log.exists():
            return []
        return self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
