"""Serving a directory: the devhub process."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn

from koji_adjutant.devhub.server.directory import ADMIN, LOCK_FILE, READY_FILE, open_directory
from koji_adjutant.devhub.server.dispatch import Dispatcher
from koji_adjutant.devhub.server.repo_keeper import RepoKeeper
from koji_adjutant.devhub.server.server import application
from koji_adjutant.errors import UsageError


def serve(directory: Path, host: str, port: int, admin: tuple[str, str] = ADMIN) -> None:
    """Serve until SIGTERM or SIGINT comes. Port 0: one that is free; the ready file says which. Raises
    UsageError if the directory is served already, or the port is not free."""
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with _sole(directory), closing(_listen(host, port)) as listener:
        _serve(directory, host, listener, admin)


@contextmanager
def _sole(directory: Path) -> Iterator[None]:
    """Keep other processes from serving the directory. Raises UsageError if one does so already."""
    with (directory / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another devhub serves {directory} already (see {READY_FILE} there); stop it"
                " or choose another --dir"
            ) from error
        yield


def _serve(directory: Path, host: str, listener: socket.socket, admin: tuple[str, str]) -> None:
    db = open_directory(directory, admin)
    dispatcher = Dispatcher(db, directory / "topdir")
    keeper = RepoKeeper(dispatcher)
    server = uvicorn.Server(
        uvicorn.Config(
            application(dispatcher, directory / "topdir"),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
    )
    ready = directory / READY_FILE
    # uvicorn stops at these signals and raises them again when it has: by then they must not end the process,
    # which still has to tidy up. One that comes before uvicorn looks out for them counts, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    keeper.start()
    try:
        _write_ready(ready, listener, host)
        server.run(sockets=[listener])
    finally:
        ready.unlink(missing_ok=True)
        keeper.stop()
        db.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: only then does asyncio turn off Nagle's delay, which costs an answer in two pieces 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --port (0: any free one)"
        ) from error
    listener.listen(128)
    return listener


def _write_ready(path: Path, listener: socket.socket, host: str) -> None:
    """Say where the hub is. The socket accepts connections already: whoever reads the file can connect."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{listener.getsockname()[1]}"
    urls = {"hub": f"{base}/kojihub", "files": f"{base}/kojifiles"}
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**urls, "topdir": str(path.parent / "topdir"), "pid": os.getpid()}) + "\n")
    new.replace(path)
    print(f"hub    {urls['hub']}\nfiles  {urls['files']}", flush=True)  # noqa: T201 - what a person started it for
