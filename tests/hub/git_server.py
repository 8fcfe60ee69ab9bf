"""Packagers' repositories, served by git daemon on the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import reserved_port
from tests.support.waiting import until

ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "A Packager",
    "GIT_AUTHOR_EMAIL": "packager@tests.invalid",
    "GIT_COMMITTER_NAME": "A Packager",
    "GIT_COMMITTER_EMAIL": "packager@tests.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass(frozen=True)
class GitServer:
    """``directory`` holds the repositories, ``authority`` is host and port."""

    directory: Path
    authority: str

    def publish(self, name: str, files: Mapping[str, str]) -> str:
        """A repository with one commit; its SCM URL with that commit."""
        repository = self.directory / name
        repository.mkdir()
        for file, content in files.items():
            (repository / file).parent.mkdir(parents=True, exist_ok=True)
            (repository / file).write_text(content)
        _git(repository, "init", "--quiet", "--initial-branch=main")
        _git(repository, "add", "--all")
        _git(repository, "commit", "--quiet", "--message", f"Package {name}")
        return self.url(name, _git(repository, "rev-parse", "HEAD").strip())

    def url(self, name: str, revision: str) -> str:
        return f"git://{self.authority}/{name}#{revision}"


@contextmanager
def serve_git(directory: Path) -> Iterator[GitServer]:
    """Serve every repository that appears in ``directory``."""
    with reserved_port() as port:
        command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all"]
        process = subprocess.Popen(
            [*command, f"--base-path={directory}", str(directory)],
            env=os.environ | ENVIRONMENT,
            stderr=subprocess.DEVNULL,  # it tells of every connection that is closed early, as until's are
        )
        try:
            until(lambda: _listening(port), "git daemon listens")
            yield GitServer(directory, f"127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait()


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | ENVIRONMENT
    ).stdout
