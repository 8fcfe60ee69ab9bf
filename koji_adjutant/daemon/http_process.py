"""The server process: ``python -m koji_adjutant.daemon.http_process``, started by http_server.HttpServer."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import koji

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.daemon.die_with_parent import die_with_parent
from koji_adjutant.daemon.http_server import ServerSettings
from koji_adjutant.errors import EngineError
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.web.application import application
from koji_adjutant.monitoring.web.serving import ListenError, listen, make_server
from koji_adjutant.monitoring.web.sources import CacheSize, EngineUnknownError, Sources

MEASURED_FOR = 15.0
"""Seconds that a measurement of the cache serves."""
LOGGERS = ("koji_adjutant", "uvicorn")
NICENESS = 5
"""Builds come first."""


def main() -> None:
    """Serve until the worker ends, or ends us. Why it cannot is the last line on standard error."""
    settings = ServerSettings(**json.load(sys.stdin))
    die_with_parent()
    if os.getppid() != settings.worker_pid:
        return  # it ended before we could ask for the signal
    os.nice(NICENESS)
    for name in LOGGERS:
        koji.add_file_logger(name, settings.log_file)
    sources = Sources(
        journal=Path(settings.journal),
        containers=Engine(settings).containers,
        cache=CacheMeter(settings).present,
        disks=[Path(disk) for disk in settings.disks],
    )
    try:
        listener = listen(settings.host, settings.port)
    except ListenError as error:
        sys.exit(str(error))
    make_server(application(sources, settings.token)).run(sockets=[listener])


class Engine:
    """The worker's container engine, only ever asked what there is."""

    def __init__(self, settings: ServerSettings) -> None:
        socket = settings.podman_socket or PodmanService(Path(settings.state_dir)).socket
        self._manager = PodmanManager(socket)
        self._labels = {f"{LABEL_PREFIX}worker_id": settings.worker_id}

    def containers(self) -> Sequence[LiveContainer]:
        try:
            listed = self._manager.list_containers(self._labels)
        except EngineError as error:
            raise EngineUnknownError(str(error)) from error
        return [
            LiveContainer(
                container_id=container.id,
                name=container.name,
                task_id=container.labels.get(f"{LABEL_PREFIX}task_id", ""),
                role=container.labels.get(f"{LABEL_PREFIX}role", ""),
                status=container.status,
                exit_code=container.exit_code,
            )
            for container in listed
        ]


class CacheMeter:
    """How full the cache is; measured now and then, since it looks at every file."""

    def __init__(self, settings: ServerSettings) -> None:
        self._cache = Cache(Path(settings.state_dir))
        self._limit = settings.cache_limit
        self._measured = 0.0
        self._size = CacheSize(0, 0, self._limit)

    def present(self) -> CacheSize:
        if time.monotonic() > self._measured + MEASURED_FOR or not self._measured:
            self._measured = time.monotonic()
            with suppress(FileNotFoundError):  # evicted while we looked
                entries, layers = self._cache.store.size()
                _, packages = self._cache.packages.size()
                self._size = CacheSize(entries, layers + packages, self._limit)
        return self._size


if __name__ == "__main__":
    main()
