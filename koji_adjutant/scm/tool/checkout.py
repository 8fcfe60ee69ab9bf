"""Run the commands of a checkout, as an unprivileged user, saying what is run.

Reads /work/request.json: fetch, update, recovery, resolve, common (argument lists), directory, clone,
source_directory, secret (a password that must not be seen). Writes /work/answer.json: {commit, failed}, where
``failed`` is the command that did not work. Exit status: 0 or 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

WORK = Path("/work")


class CommandFailedError(Exception):
    pass


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    answer: dict[str, Any] = {"commit": None, "failed": None}
    try:
        answer["commit"] = check_out(request)
    except CommandFailedError as failure:
        answer["failed"] = str(failure)
    (WORK / "answer.json").write_text(json.dumps(answer))
    return 0 if answer["failed"] is None else 1


def check_out(request: dict[str, Any]) -> str | None:
    directory = Path(request["directory"])
    clone = Path(request["clone"])
    secret = request["secret"]
    run(request["fetch"], directory, secret)
    try:
        for command in request["update"]:
            run(command, clone, secret)
    except CommandFailedError:
        run(request["recovery"], clone, secret)
    if request["common"]:
        run(request["common"], directory, secret)
        link = directory / request["source_directory"] / "../common"
        if not os.path.lexists(link):
            link.symlink_to(os.path.relpath(directory / "common", link.parent))
    if not request["resolve"]:
        return None
    result = subprocess.run(request["resolve"], cwd=clone, stdout=subprocess.PIPE, check=True)
    return result.stdout.decode().strip()


def run(command: list[str], directory: Path, secret: str | None) -> None:
    line = " ".join(command)
    if secret:
        line = line.replace(secret, "***")
    say(f"$ {line}")
    if subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise CommandFailedError(line)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
