"""A hub in a thread of the tests' process: one that is there at once."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn

from koji_adjutant.devhub import DevHub
from koji_adjutant.devhub.server.directory import ADMIN, open_directory
from koji_adjutant.devhub.server.dispatch import Dispatcher
from koji_adjutant.devhub.server.repo_keeper import RepoKeeper
from koji_adjutant.devhub.server.server import application


@contextmanager
def devhub_in_thread(directory: Path) -> Iterator[DevHub]:
    """Serve a new hub. running_devhub does it as users have it, and spends a second on Python's imports."""
    topdir = directory / "topdir"
    with closing(open_directory(directory, ADMIN)) as database, closing(_listen()) as listener:
        dispatcher = Dispatcher(database, topdir)
        keeper = RepoKeeper(dispatcher)
        options = uvicorn.Config(
            application(dispatcher, topdir), log_config=None, lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        keeper.start()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield DevHub(f"{base}/kojihub", f"{base}/kojifiles", topdir, directory, os.getpid())
        finally:
            server.should_exit = True
            thread.join()
            keeper.stop()


def _listen() -> socket.socket:
    # TCP by name: only then does asyncio turn off Nagle's delay, which costs an answer in two pieces 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener
