"""Run createrepo_c, and mergerepo_c if there is something to merge.

Reads /work/request.json: create, merge (argument lists; merge may be null), arch_expand (to be added to
merge where mergerepo_c knows it), premerge (where the first one's result goes before merging). The output
goes to createrepo.log and mergerepos.log in /result. Writes /work/answer.json: {failed: {what, command,
status} or null}.
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


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    failed = run("create", request["create"], RESULT / "createrepo.log")
    if failed is None and request["merge"]:
        (WORK / "repo").rename(WORK / request["premerge"])
        (WORK / "repo").mkdir()
        command = request["merge"] + (
            [request["arch_expand"]] if mergerepo_version() >= ARCH_EXPAND_SINCE else []
        )
        failed = run("merge", command, RESULT / "mergerepos.log")
    (WORK / "answer.json").write_text(json.dumps({"failed": failed}))
    return 0 if failed is None else 1


def run(what: str, command: list[str], log_path: Path) -> dict[str, Any] | None:
    line = " ".join(map(shlex.quote, command))
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


def mergerepo_version() -> tuple[int, ...]:
    """From "Version: 0.20.1 (Features: …)"; an unknown one counts as old."""
    result = subprocess.run(["mergerepo_c", "--version"], stdout=subprocess.PIPE, check=False)
    match = re.match(r"Version: (\d+)\.(\d+)\.(\d+)", result.stdout.decode("utf-8", "replace"))
    return tuple(map(int, match.groups())) if match else (0,)


if __name__ == "__main__":
    sys.exit(main())
