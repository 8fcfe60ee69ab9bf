"""The stock koji command-line client, as a person uses it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.hub.server import Hub, Login

CONFIGURATION = """\
[koji]
server = {url}
weburl = {url}
topurl = {files}
authtype = password
poll_interval = 1
"""


@dataclass(frozen=True)
class Client:
    """``koji`` for one hub and user; ``directory`` holds its configuration and what it downloads."""

    hub: Hub
    login: Login
    directory: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        configuration = self.directory / "koji.conf"
        configuration.write_text(CONFIGURATION.format(url=self.hub.url, files=self.hub.files_url))
        koji = Path(sys.executable).with_name("koji")
        who = ["--user", self.login.name, "--password", self.login.password]
        command = [koji, "-c", configuration, *who, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.directory, timeout=600
        )

    def __call__(self, *arguments: str | Path) -> str:
        """What a command that must succeed prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, (
            f"koji {arguments} exited with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
        return done.stdout
