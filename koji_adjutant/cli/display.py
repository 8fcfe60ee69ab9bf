"""Showing on a terminal where a build is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text


@dataclass
class TimedPhase:
    """One phase; ``seconds`` is None while it runs, ``depth`` says how many others it is part of."""

    name: str
    depth: int
    started: float
    seconds: float | None = None


class PhaseDisplay:
    """A PhaseObserver for people: shows the phase that runs, with its time, and the ones before it as lines.

    Where there is no terminal only the lines are written. Nothing is shown outside of ``with display:``.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.phases: list[TimedPhase] = []
        self._running: list[TimedPhase] = []
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def __enter__(self) -> PhaseDisplay:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._current, console=self.console, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to somebody else while the block runs."""
        if self._live is None:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        phase = TimedPhase(name, len(self._running), time.monotonic())
        self.phases.append(phase)
        self._running.append(phase)
        try:
            yield
        except BaseException:
            self._finish(phase, Text("✗", style="red"))
            raise
        self._finish(phase, Text("✓", style="green"))

    def say(self, line: str) -> None:
        """Write a line about the phase that runs."""
        self.console.print(f"{'  ' * len(self._running)}{line}", markup=False, highlight=False)

    def _finish(self, phase: TimedPhase, mark: Text) -> None:
        phase.seconds = time.monotonic() - phase.started
        self._running.remove(phase)
        self.console.print(
            Text("  " * phase.depth).append(mark).append(f" {phase.name}  {phase.seconds:.1f} s")
        )

    def _current(self) -> Spinner:
        now = time.monotonic()
        steps = [f"{phase.name} ({now - phase.started:.0f} s)" for phase in self._running]
        self._spinner.update(text=Text(" > ".join(steps), overflow="ellipsis", no_wrap=True))
        return self._spinner
