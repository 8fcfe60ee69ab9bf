"""Noticing a command that something has stopped for good.

What a build runs may send signals to whatever runs as its user, the shell of its step included. Nobody would
continue that shell, and it would be waited for until the time limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from koji_adjutant.errors import EngineError

LOOK_SECONDS = 5.0
"""Between two looks."""
LOOKS = 3
"""So many in a row must find it stopped: a program may stop another for a moment, and continue it."""


class StoppedWatch:
    """Calls ``kill`` once, in a thread of its own, if a command is found stopped while the block runs.

    ``is_stopped`` looks; it may raise EngineError where the engine does not answer. ``found`` then is True.
    An exception of ``kill`` is kept and raised when the block ends.
    """

    def __init__(self, is_stopped: Callable[[], bool], kill: Callable[[], None]) -> None:
        self.found = False
        self._is_stopped = is_stopped
        self._kill = kill
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stopped", daemon=True)

    def _look(self) -> None:
        in_a_row = 0
        while not self._ended.wait(LOOK_SECONDS):
            try:
                in_a_row = in_a_row + 1 if self._is_stopped() else 0
            except EngineError:
                in_a_row = 0  # whoever waits for the command will hear of it
            if in_a_row == LOOKS:
                self.found = True
                try:
                    self._kill()
                except BaseException as error:  # noqa: BLE001 - raised again by __exit__, in the thread that waits
                    self._error = error
                return

    def __enter__(self) -> StoppedWatch:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error
