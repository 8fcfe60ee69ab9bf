"""Our task adapters, fitted to a stock kojid: what our own daemon does for them, they do here themselves."""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from koji_adjutant.builds.explanation import explanation_in_error_messages
from koji_adjutant.config import AdjutantOptions, KojidOptions, load_adjutant
from koji_adjutant.config.build_mounts_check import check_build_mounts
from koji_adjutant.config.site_defaults import name_what_is_not_heeded
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.daemon.own_containers import OwnContainers
from koji_adjutant.daemon.tidier import tidy_up_alone
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.task_adapters import ADAPTERS
from koji_adjutant.task_adapters.container_task import ContainerTask

CONFIGURATION = Path("/etc/kojid/adjutant.conf")
"""Its section [adjutant]: a stock kojid refuses sections that it does not know in its own file."""
CONFIGURATION_VARIABLE = "KOJI_ADJUTANT_CONFIG"
"""Names another file."""


def plugged_adapters(environ: Mapping[str, str] = os.environ) -> list[type[ContainerTask]]:
    """Return a subclass of each adapter, for kojid to register. Called once, when kojid loads the plugin.

    The engine stays open for as long as kojid runs: a task's process must not take the podman service with
    it that other tasks' containers run on. ConfigError or EngineError keep kojid from starting.
    """
    options = load_adjutant(Path(environ.get(CONFIGURATION_VARIABLE, CONFIGURATION)), environ)
    check_build_mounts(options, None)
    name_what_is_not_heeded(options.site_defaults)
    stack = ExitStack()
    engine = stack.enter_context(open_engine(options))
    atexit.register(stack.close)  # not in the tasks' processes, which end by os._exit
    shared = {"settings": options, "engine": engine}
    return [type(adapter.__name__, (PluggedTask, adapter), dict(shared)) for adapter in ADAPTERS]


class PluggedTask(ContainerTask):
    """Mixed into an adapter: brings our settings along, and cleans up as our daemon would."""

    settings: ClassVar[AdjutantOptions]
    engine: ClassVar[PodmanManager]

    def __init__(
        self,
        id: int,  # noqa: A002  (koji's name)
        method: str,
        params: Sequence[object],
        session: HubSession,
        options: KojidOptions,
        workdir: str | None = None,
    ) -> None:
        super().__init__(id, method, params, session, options, workdir)
        options.adjutant = self.settings
        options.worker_id = f"{urlsplit(options.server or '').netloc}-{socket.gethostname()}-kojid"

    def run(self) -> object:
        check_build_mounts(self.settings, self.options)
        self._remove_leftovers()
        try:
            with TaskClaims(self.settings.state_dir).hold(self.id), explanation_in_error_messages():
                return super().run()
        finally:
            self._tidy_up_meanwhile()

    def _remove_leftovers(self) -> None:
        """Remove containers of tasks whose process was killed before it could clean up."""
        running = {str(task["id"]) for task in self.session.host.getHostTasks()}
        OwnContainers().remove(self.engine, self.options.worker_id, running)

    def _tidy_up_meanwhile(self) -> None:
        """Tidy up in a process that the hub's answer does not wait for and kojid does not know."""
        if os.fork():
            return
        try:
            os.setsid()
            if not os.fork():
                tidy_up_alone(self.options)
        finally:
            os._exit(0)
