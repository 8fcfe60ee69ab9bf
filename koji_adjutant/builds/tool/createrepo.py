"""Run createrepo_c, and mergerepo_c if there is something to merge.

Reads /work/request.json: create (commands and the names of their logs), merge (null, or the command,
arch_expand: an option to be added to it where mergerepo_c knows it, premerge: where the repository goes
before merging). The output goes to the logs in /result, mergerepo_c's to mergerepos.log. Writes
/work/answer.json: {failed: {what, command, status, reason} or null}; status is null, and reason says why,
for a command that was not run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

WORK = Path("/work")
RESULT = Path("/result")
ARCH_EXPAND_SINCE = (0, 15, 11)
COMPILED_IN = {"--zck": "zchunk", "--deltas": "delta RPMs"}
"""Options that createrepo_c has only where it was built with them."""


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    failed = create(request["create"])
    if failed is None and request["merge"]:
        failed = merge(request["merge"])
    (WORK / "answer.json").write_text(json.dumps({"failed": failed}))
    return 0 if failed is None else 1


def create(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    for step in steps:
        command = step["command"]
        lacking = lacking_feature(command)
        if lacking:
            reason = f"createrepo_c of the tool image is built without {lacking}: choose another image"
            return {"what": "create", "command": shlex.join(command), "status": None, "reason": reason}
        failed = run("create", command, RESULT / step["log"])
        if failed:
            return failed
    return None


def merge(order: dict[str, Any]) -> dict[str, Any] | None:
    (WORK / "repo").rename(WORK / order["premerge"])
    (WORK / "repo").mkdir()
    known = mergerepo_version() >= ARCH_EXPAND_SINCE
    return run("merge", order["command"] + [order["arch_expand"]] * known, RESULT / "mergerepos.log")


def run(what: str, command: list[str], log_path: Path) -> dict[str, Any] | None:
    line = shlex.join(command)
    with log_path.open("ab", buffering=0) as log:
        log.write(f"$ {line}\n".encode())
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(WORK)},
            check=False,
        )
    return {"what": what, "command": line, "status": result.returncode} if result.returncode else None


def lacking_feature(command: list[str]) -> str | None:
    """What the command asks for and createrepo_c was not built with."""
    wanted = {option: feature for option, feature in COMPILED_IN.items() if option in command}
    if not wanted:
        return None
    done = subprocess.run([command[0], "--help"], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:  # the command itself will show what is wrong
        return None
    shown = done.stdout.decode().split()
    return next((feature for option, feature in wanted.items() if option not in shown), None)


def mergerepo_version() -> tuple[int, ...]:
    """From "Version: 0.20.1 (Features: …)"; an unknown one counts as old."""
    result = subprocess.run(["mergerepo_c", "--version"], stdout=subprocess.PIPE, check=False)
    match = re.match(r"Version: (\d+)\.(\d+)\.(\d+)", result.stdout.decode("utf-8", "replace"))
    return tuple(map(int, match.groups())) if match else (0,)


if __name__ == "__main__":
    sys.exit(main())
