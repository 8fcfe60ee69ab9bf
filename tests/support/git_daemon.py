"""``git daemon``, and repositories with whatever a packager may commit."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

AUTHOR = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

Files = Mapping[str, str]
"""Texts by path; one that begins with ``-> `` is the target of a link."""


class GitServer:
    """``git daemon`` and the repositories that it serves."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory = directory
        self._port = port

    def git(self, name: str, *arguments: str) -> str:
        environment = {**os.environ, **AUTHOR, "GIT_CONFIG_GLOBAL": "/dev/null"}
        command = ["git", "-C", str(self._directory / name), *arguments]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, name: str, files: Files) -> str:
        """Commit files to a repository, made if need be; the commit."""
        tree = self._directory / name
        if not tree.exists():
            tree.mkdir()
            self.git(name, "init", "--quiet", "--initial-branch=main")
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                (tree / path).symlink_to(text.removeprefix("-> "))
            else:
                (tree / path).write_text(text)
        self.git(name, "add", "--all")
        self.git(name, "commit", "--quiet", "--message=x")
        return self.git(name, "rev-parse", "HEAD")

    def url(self, name: str, revision: str, module: str = "") -> str:
        return f"git://127.0.0.1:{self._port}/{name}?{module}#{revision}"


@contextmanager
def git_daemon(directory: Path) -> Iterator[GitServer]:
    """Serve the repositories of a directory."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # git daemon runs as an inetd service of a connection that we accept: nothing to wait for
        port = listener.getsockname()[1]
    options = ["--export-all", "--reuseaddr", "--verbose", "--listen=127.0.0.1", f"--port={port}"]
    command = ["git", "daemon", *options, f"--base-path={directory}", str(directory)]
    # safe.directory: tests may run as root on files of another user
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as daemon:
        assert daemon.stderr is not None
        assert "Ready to rumble" in daemon.stderr.readline()
        try:
            yield GitServer(directory, port)
        finally:
            daemon.terminate()
