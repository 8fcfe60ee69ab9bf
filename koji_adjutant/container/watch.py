"""What observers learn of one manager's containers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from koji_adjutant.container.cgroups import Meter
from koji_adjutant.container.interface import ContainerObserver, ContainerSpec
from koji_adjutant.errors import EngineError

logger = logging.getLogger(__name__)


Created = Callable[[str, ContainerSpec], None]
"""Called with the name of a container that has been created, and its spec."""


class Watch:
    """What PodmanManager says here reaches the observer, if there is one; nothing is asked or kept otherwise.

    ``main_process`` finds the process id of a running container's first process. Containers may be named by
    name or id.
    """

    def __init__(self, observer: ContainerObserver | None, main_process: Callable[[str], int]) -> None:
        self._observer = observer
        self._creation_observers: list[Created] = []
        self._main_process = main_process
        self._ids: dict[str, str] = {}
        self._running: dict[str, Meter | None] = {}

    @contextmanager
    def on_create(self, observer: Created) -> Iterator[None]:
        """Call ``observer`` for each container that is created while the block runs."""
        self._creation_observers.append(observer)
        try:
            yield
        finally:
            self._creation_observers.remove(observer)

    def created(self, identifier: str, name: str, spec: ContainerSpec) -> None:
        for observer in self._creation_observers:
            observer(name, spec)
        if self._observer:
            self._ids |= {name: identifier, identifier: identifier}
            self._observer.created(identifier, name, spec)

    def started(self, container: str) -> None:
        if self._observer:
            identifier = self._id(container)
            self._running[identifier] = meter = self._meter(identifier)
            self._observer.started(identifier, meter)

    def output_ended(self, container: str) -> None:
        """Read the meter: the main process ends now, and its control groups are gone in a moment."""
        if meter := self._running.get(self._id(container)):
            meter.read()

    def exited(self, container: str, exit_code: int | None) -> None:
        if self._observer and self._id(container) in self._running:
            del self._running[self._id(container)]
            self._observer.exited(self._id(container), exit_code)

    def removed(self, container: str) -> None:
        if self._observer:
            self._observer.removed(self._id(container))

    def _id(self, container: str) -> str:
        return self._ids.get(container, container)

    def _meter(self, container: str) -> Meter | None:
        try:
            return Meter.of_process(self._main_process(container), container)
        except EngineError as problem:  # what it uses is worth no failed build
            logger.debug("the main process of container %s is not known: %s", container, problem)
            return None
