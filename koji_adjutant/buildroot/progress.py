"""A recipe says which phase it is in; observers show it, or write it down."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol


class PhaseObserver(Protocol):
    """Hears from recipes which phase they are in."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Observe one phase: entered when it starts and left when it ends, well or not."""
        ...


def write_stamped(log: Path, text: str) -> None:
    """Append a line to a log, with the time of day as mock's logs have it."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    with log.open("a", encoding="utf-8", errors="replace") as file:
        file.write(f"{stamp},{int(now % 1 * 1000):03d} - {text}\n")


class StateLog:
    """Writes mock's ``state.log``: a line when a phase starts, one when it ends, with the time of day."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._line(f"Start: {name}")
        try:
            yield
        finally:
            self._line(f"Finish: {name}")

    def _line(self, text: str) -> None:
        write_stamped(self._path, text)


class PhaseObserverGroup:
    """Passes each phase on to several observers."""

    def __init__(self, observers: Sequence[PhaseObserver]) -> None:
        self._observers = observers

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.phase(name))
            yield
