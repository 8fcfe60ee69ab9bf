"""The one factory of container managers."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from koji_adjutant.container.interface import ContainerObserver, EngineTimeouts
from koji_adjutant.container.interrupts import termination_raises
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.container.podman_spec import EngineTraits
from koji_adjutant.container.seccomp import SeccompProfiles
from koji_adjutant.errors import EngineError

logger = logging.getLogger(__name__)


class EngineOptions(Protocol):
    """What of the configuration an engine needs: those options of [adjutant], or any object that has them."""

    @property
    def state_dir(self) -> Path: ...

    @property
    def podman_socket(self) -> str | None: ...

    @property
    def container_timeouts(self) -> EngineTimeouts: ...

    @property
    def container_labels(self) -> Mapping[str, str]: ...


@contextlib.contextmanager
def open_engine(
    options: EngineOptions, *, observer: ContainerObserver | None = None, revive: bool = True
) -> Iterator[PodmanManager]:
    """Open a checked manager for the engine at ``podman_socket``, else the private service of ``state_dir``.

    ``container_labels`` are put on every container, ``observer`` learns of each. While it is open,
    SIGTERM ends the process through SystemExit unless the caller has a handler of its own, so containers
    are cleaned up. Cheap where the service runs already (one request), so open one in each forked child.
    Without ``revive`` a private service that dies meanwhile stays down: it would inherit what the caller has
    become by then, a low priority, say.
    Raises EngineError, with what to do, if no engine is available.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(termination_raises())
        if options.podman_socket is None:
            service = stack.enter_context(PodmanService(options.state_dir))
            manager = PodmanManager(
                service.socket,
                timeouts=options.container_timeouts,
                extra_labels=options.container_labels,
                traits=service.traits,
                revive=service.start if revive else _stay_down,
                remembered_info=service.remembered_info,
                observer=observer,
            )
        else:
            manager = PodmanManager(
                options.podman_socket,
                timeouts=options.container_timeouts,
                extra_labels=options.container_labels,
                traits=_traits(options.podman_socket, options.state_dir),
                observer=observer,
            )
        stack.enter_context(manager)
        manager.check()
        yield manager


def _traits(podman_socket: str, state_dir: Path) -> EngineTraits:
    """Return what the operator's engine is asked for: one on another machine cannot see our profiles."""
    here = podman_socket.startswith("unix:")
    if not here:
        logger.warning(
            "%s is on another machine: containers have that engine's seccomp profile, not ours", podman_socket
        )
    return EngineTraits(
        command_line=("podman", "--url", podman_socket),
        profiles=SeccompProfiles(state_dir / "containers" / "seccomp") if here else None,
    )


def _stay_down() -> None:
    raise EngineError("podman's service has ended")
