"""The one factory of container managers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from koji_adjutant.container.interface import ContainerObserver, EngineTimeouts
from koji_adjutant.container.interrupts import termination_raises
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.errors import EngineError


@contextlib.contextmanager
def open_engine(
    *,
    state_dir: Path,
    podman_socket: str | None = None,
    timeouts: EngineTimeouts | None = None,
    labels: Mapping[str, str] | None = None,
    observer: ContainerObserver | None = None,
    revive: bool = True,
) -> Iterator[PodmanManager]:
    """A checked manager for the engine at ``podman_socket``, or for the private service of ``state_dir``.

    ``labels`` are the operator's, put on every container; ``observer`` is told of each. While it is open,
    SIGTERM ends the process through SystemExit unless the caller has a handler of its own, so containers
    are cleaned up. Cheap where the service runs already (one request), so open one in each forked child.
    Without ``revive`` a private service that dies meanwhile stays down: it would inherit what the caller has
    become by then, a low priority, say.
    EngineError, with what to do, if no engine can be had.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(termination_raises())
        if podman_socket is None:
            service = stack.enter_context(PodmanService(state_dir))
            manager = PodmanManager(
                service.socket,
                timeouts=timeouts,
                extra_labels=labels,
                traits=service.traits,
                revive=service.start if revive else _stay_down,
                told=service.told,
                observer=observer,
            )
        else:
            manager = PodmanManager(podman_socket, timeouts=timeouts, extra_labels=labels, observer=observer)
        stack.enter_context(manager)
        manager.check()
        yield manager


def _stay_down() -> None:
    raise EngineError("podman's service has ended")
