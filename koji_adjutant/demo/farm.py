"""The demo's build farm: a hub, a worker, a git server and a server for the distribution's repository."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import koji

from koji_adjutant.demo.client import KojiClient
from koji_adjutant.demo.comps import read_groups
from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.report import Report
from koji_adjutant.demo.repository import daemon_command, make_repository
from koji_adjutant.demo.services import Service, running
from koji_adjutant.demo.stage import (
    ADMIN,
    BUILD_TAG,
    BUILDER,
    PACKAGE,
    TAG,
    Stage,
    is_url,
    write_client_config,
    write_worker_config,
)
from koji_adjutant.monitoring import database

STOP_ORDER = ("worker", "hub", "git-server", "distribution")
EXTERNAL_REPO = "demo-distribution"
ADJUTANT = (sys.executable, "-m", "koji_adjutant.cli")


@dataclass
class Farm:
    """Everything that runs during a demo."""

    stage: Stage
    report: Report

    @property
    def client(self) -> KojiClient:
        return KojiClient(self.stage.client_config, self.report, self.stage.logs / "koji-client.log")

    @property
    def architecture(self) -> str:
        return koji.canonArch(platform.machine())  # type: ignore[no-any-return]

    def clear(self) -> None:
        """Throw away what the last run left, except what is worth keeping: images and composed roots."""
        alive = running(self.stage.logs)
        if alive:
            raise DemoError(f"a demo is running already ({', '.join(alive)}): stop it with make demo-down")
        shutil.rmtree(self.stage.directory, ignore_errors=True)
        database.remove(database.path_in(self.stage.state))  # of a hub that is gone, too
        for directory in (
            self.stage.logs,
            self.stage.task_logs,
            self.stage.downloads,
            self.stage.git_directory,
        ):
            directory.mkdir(parents=True)

    def serve_sources(self, package: Path) -> str:
        """Serve the package by git, and by HTTP a distribution that is a directory; the commit to build."""
        commit = make_repository(self.stage, package)
        self._server("git-server", daemon_command(self.stage), self.stage.ports.git)
        if not is_url(self.stage.repo):
            port = self.stage.ports.distribution
            http_server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
            self._server("distribution", [*http_server, "--directory", self.stage.repo, str(port)], port)
        return commit

    def start_hub(self) -> None:
        port = self.stage.ports.hub
        directory = str(self.stage.hub_directory)
        self._server("hub", [*ADJUTANT, "devhub", "--dir", directory, "--port", str(port)], port)
        write_client_config(self.stage)
        self.client.run("hello")

    def configure_hub(self) -> None:
        """Make users, tags, target, groups and external repo, as an administrator makes them."""
        koji_command = self.client.run
        koji_command("add-host", BUILDER, self.architecture)
        koji_command("add-host-to-channel", BUILDER, "createrepo")
        self._set_password(BUILDER, write_worker_config(self.stage))
        koji_command("add-tag", TAG)
        koji_command("add-tag", "--parent", TAG, "--arches", self.architecture, BUILD_TAG)
        koji_command("add-target", TAG, BUILD_TAG, TAG)
        for group, packages in read_groups(self.stage.repo).items():
            koji_command("add-group", BUILD_TAG, group)
            koji_command("add-group-pkg", BUILD_TAG, group, *packages)
        koji_command("add-external-repo", "--tag", BUILD_TAG, EXTERNAL_REPO, self.stage.distribution_url)
        koji_command("add-pkg", "--owner", ADMIN[0], TAG, PACKAGE)

    def start_worker(self) -> None:
        """Start the worker; it is there when the hub has seen it."""
        session = koji.ClientSession(self.stage.hub_url)
        host = session.getHost(BUILDER, strict=True)
        Service(
            "worker",
            [*ADJUTANT, "kojid", "-c", str(self.stage.worker_config), "-f", "-v"],
            self.stage.logs,
            lambda: bool(session.getLastHostUpdate(host["id"])),
        ).start()

    def _server(self, name: str, command: list[str], port: int) -> None:
        Service(name, command, self.stage.logs, lambda: _listens(port)).start()

    def _set_password(self, user: str, password: str) -> None:
        """Set a password in devhub's own way: a real hub's administrator sets it in the database."""
        command = [*ADJUTANT, "devhub", "--dir", str(self.stage.hub_directory), "set-password", user]
        environment = {**os.environ, "DEVHUB_PASSWORD": password}
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if result.returncode:
            raise DemoError(f"could not set the password of {user}: {result.stderr.strip()}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
