"""devhub as a process: setting up its directory, serving it, and starting one for a test.

DIR/devhub.sqlite   the database
DIR/topdir/         packages/, repos/, work/, scratch/: what koji calls topdir
DIR/devhub.json     while it runs: {"hub": URL, "files": URL, "topdir": path, "pid": process id}
DIR/devhub.log      its log when started by ``running_devhub``
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import koji

from koji_adjutant.devhub import passwords
from koji_adjutant.devhub.call import Call, Session
from koji_adjutant.devhub.database import Database
from koji_adjutant.errors import AdjutantError, UsageError

ADMIN = ("kojiadmin", "kojiadmin")
READY_FILE = "devhub.json"
DATABASE = "devhub.sqlite"
START_TIMEOUT = 30.0


@dataclass(frozen=True)
class DevHub:
    """A hub that answers: its URLs and where its files are."""

    url: str
    files_url: str
    topdir: Path
    directory: Path
    pid: int

    def session(self, user: str | None = None, password: str | None = None) -> koji.ClientSession:
        """A client; with a user it is logged in, and the caller logs it out."""
        session = koji.ClientSession(self.url, {"user": user, "password": password, "max_retries": 0})
        if user is not None:
            session.login()
        return session


def open_directory(directory: Path, admin: tuple[str, str] = ADMIN) -> Database:
    """Open the database; the first time it is made, with an admin and the user that keeps repos (kojira)."""
    (directory / "topdir").mkdir(parents=True, exist_ok=True)
    for name in ("packages", "repos", "work", "scratch"):
        (directory / "topdir" / name).mkdir(exist_ok=True)
    path = directory / DATABASE
    new = not path.exists()
    db = Database(path)
    if new:
        path.chmod(0o600)
        with db.transaction():
            _first_users(db, admin)
    return db


def _first_users(db: Database, admin: tuple[str, str]) -> None:
    values = {"name": admin[0], "password": passwords.hash_password(admin[1])}
    call = Call(db, Session(user_id=db.insert("users", values), user_name=admin[0]), Path(), "setup")
    kojira = db.insert("users", {"name": "kojira"})
    for user_id, perm in ((call.session.user_id, "admin"), (kojira, "repo")):
        perm_id = db.value("SELECT id FROM permissions WHERE name = ?", (perm,))
        call.add("user_perms", user_id=user_id, perm_id=perm_id)


def serve(directory: Path, host: str, port: int, admin: tuple[str, str] = ADMIN) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). Port 0: one that is free; the ready file says which."""
    import uvicorn

    from koji_adjutant.devhub.dispatch import Dispatcher
    from koji_adjutant.devhub.repo_keeper import RepoKeeper
    from koji_adjutant.devhub.server import application

    directory = directory.resolve()
    listener = _listen(host, port)
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
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port (0: any free one)"
        ) from error
    listener.listen(128)
    return listener


def _write_ready(path: Path, listener: socket.socket, host: str) -> None:
    """The socket accepts connections already: whoever reads the file can connect."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{listener.getsockname()[1]}"
    urls = {"hub": f"{base}/kojihub", "files": f"{base}/kojifiles"}
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**urls, "topdir": str(path.parent / "topdir"), "pid": os.getpid()}) + "\n")
    new.replace(path)
    print(f"hub    {urls['hub']}\nfiles  {urls['files']}", flush=True)  # noqa: T201 - what a person started it for


def read_ready(directory: Path) -> DevHub | None:
    """The hub that serves a directory, or None."""
    try:
        data = json.loads((directory / READY_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return DevHub(data["hub"], data["files"], Path(data["topdir"]), directory, data["pid"])


@contextmanager
def running_devhub(directory: Path, *, admin: tuple[str, str] = ADMIN) -> Iterator[DevHub]:
    """A hub in a process of its own, on a free port of 127.0.0.1, ended with the block."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / READY_FILE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "koji_adjutant.devhub", str(directory), ":".join(admin)]
    with (directory / "devhub.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield _wait_ready(directory, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_ready(directory: Path, process: subprocess.Popen[bytes]) -> DevHub:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        hub = read_ready(directory)
        if hub is not None:
            return hub
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AdjutantError(f"devhub did not start; see {directory / 'devhub.log'}")
