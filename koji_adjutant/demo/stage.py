"""Where the demo keeps its things, on which ports it listens, and the configuration files it writes."""

from __future__ import annotations

import json
import secrets
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path

ADMIN = ("kojiadmin", "kojiadmin")
BUILDER = "demo-builder"
PACKAGE = "hello-adjutant"
TAG = "demo"
BUILD_TAG = "demo-build"


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1; the same ones run after run, since URLs are part of a repo's metadata."""

    hub: int
    distribution: int
    git: int
    dashboard: int


@dataclass(frozen=True)
class Stage:
    """The demo's directories. ``state`` (images, composed roots) outlives a run, all else is made anew.

    ``repo`` is the distribution's dnf repository: a directory, which the demo serves, or a URL.
    """

    directory: Path
    state: Path
    repo: str
    ports: Ports

    @property
    def hub_directory(self) -> Path:
        return self.directory / "hub"

    @property
    def topdir(self) -> Path:
        """Koji's /mnt/koji: devhub keeps it in its directory."""
        return self.hub_directory / "topdir"

    @property
    def git_directory(self) -> Path:
        return self.directory / "git"

    @property
    def logs(self) -> Path:
        return logs_of(self.directory)

    @property
    def task_logs(self) -> Path:
        return self.directory / "task-logs"

    @property
    def downloads(self) -> Path:
        return self.directory / "rpms"

    @property
    def client_config(self) -> Path:
        return self.directory / "koji.conf"

    @property
    def worker_config(self) -> Path:
        return self.directory / "kojid.conf"

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.hub}/kojihub"

    @property
    def files_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.hub}/kojifiles"

    @property
    def distribution_url(self) -> str:
        return self.repo if is_url(self.repo) else f"http://127.0.0.1:{self.ports.distribution}/"

    @property
    def dashboard_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.dashboard}/"

    @property
    def git_url(self) -> str:
        return f"git://127.0.0.1:{self.ports.git}/{PACKAGE}"


def is_url(repo: str) -> bool:
    """Distinguish a repository that is somewhere in the network from a directory of this machine."""
    return repo.startswith(("http://", "https://"))


def logs_of(directory: Path) -> Path:
    """Return where logs and pid files of the demo in ``directory`` are."""
    return directory / "logs"


def set_stage(directory: Path, state: Path, repo: str) -> Stage:
    """Set the stage in ``directory``, with the ports of the last run where they are still free."""
    directory.mkdir(parents=True, exist_ok=True)
    remembered = ports_file(directory)
    known = json.loads(remembered.read_text()) if remembered.exists() else {}
    with ExitStack() as held:  # until all are found: no two are the same
        ports = Ports(*(_free_port(held, known.get(port.name, 0)) for port in fields(Ports)))
    remembered.write_text(json.dumps(asdict(ports)))
    return Stage(directory, state, repo, ports)


def ports_file(directory: Path) -> Path:
    """Return the file beside the directory, which every run makes anew."""
    return directory.with_name(f"{directory.name}-ports.json")


def write_client_config(stage: Stage) -> None:
    """Write the configuration of the stock ``koji`` client."""
    stage.client_config.write_text(
        f"[koji]\nserver = {stage.hub_url}\ntopurl = {stage.files_url}\nweburl = {stage.files_url}\n"
        "authtype = password\npoll_interval = 1\n"
    )


def write_worker_config(stage: Stage) -> str:
    """Write the configuration of the worker. Returns the password that its host user must get."""
    password = secrets.token_urlsafe(16)
    stage.worker_config.touch(mode=0o600)
    stage.worker_config.write_text(
        f"""[kojid]
server = {stage.hub_url}
topurl = {stage.files_url}
topdir = {stage.topdir}
workdir = {stage.directory / "work"}
user = {BUILDER}
password = {password}
maxjobs = 4
sleeptime = 2
minspace = 1024
allowed_scms = 127.0.0.1*:/{PACKAGE}:no:make,sources

[adjutant]
state_dir = {stage.state}
log_dir = {stage.task_logs}
log_file = {stage.logs / "kojid.log"}
monitoring_bind = 127.0.0.1:{stage.ports.dashboard}
# the git server listens on this machine's loopback only
network_mode = host
"""
    )
    return password


def _free_port(held: ExitStack, wanted: int) -> int:
    """Return ``wanted`` if nothing listens there, otherwise any free port of 127.0.0.1."""
    probe = held.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", wanted))
    except OSError:
        probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    return port
