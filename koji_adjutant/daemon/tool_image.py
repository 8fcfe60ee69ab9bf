"""Whether this worker has a tool image, without which it takes no tasks."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import LOCAL_PREFIX, ContainerManager
from koji_adjutant.daemon.side_process import SideProcess
from koji_adjutant.errors import AdjutantError, ImageError
from koji_adjutant.images.in_use import in_use
from koji_adjutant.images.proofs import Proofs

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 600.0
"""Seconds until an image that was no good is pulled or tried out again: pauses double."""
LENGTH = 4000
"""Characters of a reason that are kept: a pipe takes them at once."""


@dataclass(frozen=True)
class Attempt:
    """Getting an image has failed. ``found`` is its id, None if none was there; ``next`` is monotonic."""

    found: str | None
    reason: str
    pause: float
    next: float


class ToolImage:
    """Looks for ``task_image_default``, at each look at the hub, and keeps nobody waiting.

    An image that has shown what it can do costs the engine a question. Pulling one, and trying one out, is
    done by a process.
    """

    def __init__(self, options: AdjutantOptions) -> None:
        self._options = options
        self._proofs = Proofs(options.state_dir)
        self._process = SideProcess("Looking for a tool image")
        self._verdict = -1
        self._failed: Attempt | None = None

    def problem(self, engine: ContainerManager) -> str | None:
        """Return why there is no tool image, in a sentence; None if there is one.

        EngineError if the engine does not answer.
        """
        reason = self._verdict_of_process()
        try:
            image = engine.ensure_image_available(self._options.task_image_default, "never")
        except ImageError as absent:
            if not self._can_be_pulled:
                return str(absent)
            found = None
        else:
            found = image.id
            if self._proofs.has(image):
                self._failed = None
                return None
        if reason is not None:
            self._failed = self._failure(found, reason)
        if self._failed and self._failed.found != found:
            self._failed = None
        if self._process.pid is None and (self._failed is None or time.monotonic() >= self._failed.next):
            self._start_process()
        return self._failed.reason if self._failed else f"{self._name} is being looked for and tried out"

    def stop(self) -> None:
        """Stop looking, for a worker that ends."""
        self._process.stop()

    @property
    def _name(self) -> str:
        return f"the tool image {self._options.task_image_default}"

    @property
    def _can_be_pulled(self) -> bool:
        ours = self._options
        return ours.image_pull_policy != "never" and not ours.task_image_default.startswith(LOCAL_PREFIX)

    def _failure(self, found: str | None, reason: str) -> Attempt:
        pause = min(2 * self._failed.pause, LONGEST_PAUSE) if self._failed else FIRST_PAUSE
        return Attempt(found, reason, pause, time.monotonic() + pause)

    def _start_process(self) -> None:
        self._verdict, told = os.pipe()
        try:
            self._process.start(lambda: _tell(told, self._options))
        finally:
            os.close(told)

    def _verdict_of_process(self) -> str | None:
        """Return what the process has found wrong, if it has ended since the last look."""
        if not self._process.has_ended():
            return None
        with os.fdopen(self._verdict, "rb") as verdict:
            said = verdict.read().decode()
        return said or f"{self._name} could not be tried out: that ended without a word"


def _tell(verdict: int, options: AdjutantOptions) -> None:
    try:
        wrong = _get(options)
    except AdjutantError as problem:
        wrong = str(problem)
    os.write(verdict, (wrong or "")[:LENGTH].encode())


def _get(options: AdjutantOptions) -> str | None:
    """Have the image there, and try it out. Returns what is wrong with it, None if nothing is."""
    with open_engine(options) as engine:
        image = engine.ensure_image_available(options.task_image_default, options.image_pull_policy)
        with in_use(options.state_dir, image.id):
            return Proofs(options.state_dir).wrong(engine, image)
